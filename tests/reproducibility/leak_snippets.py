"""Leaks that a newcomer tried, with the rule that finds each, and what looks alike and is none."""

from __future__ import annotations

_DATA = """
import lightgbm as lgb
import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC
X, y = pd.read_csv("x.csv"), pd.read_csv("y.csv")
"""

LEAKS = {
    "MLM010 a model fitted before the split": """
model = LogisticRegression().fit(X, y)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
print(model.score(X_test, y_test))
""",
    "MLM010 a model fitted on all rows after the split": """
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
model = LogisticRegression()
model.fit(X, y)
accuracy = accuracy_score(y_test, model.predict(X_test))
""",
    "MLM010 a search over all rows": """
search = GridSearchCV(SVC(), {"C": [0.1, 1]}, cv=5).fit(X, y)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
search.score(X_test, y_test)
""",
    "MLM005 the mean of the target by group, mapped": """
df = pd.read_csv("rents.csv")
df["rent_by_city"] = df["city"].map(df.groupby("city")["rent"].mean())
y = df["rent"]
X_train, X_test, y_train, y_test = train_test_split(df.drop(columns="rent"), y, random_state=0)
""",
    "MLM005 a scaler of both sides below each other": """
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
scaler = StandardScaler().fit(np.vstack([X_train, X_test]))
model = SVC().fit(scaler.transform(X_train), y_train)
model.score(scaler.transform(X_test), y_test)
""",
    "MLM005 an imputer of np.r_": """
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
both = np.r_[X_train, X_test]
imputer = SimpleImputer().fit(both)
model = SVC().fit(imputer.transform(X_train), y_train)
model.score(imputer.transform(X_test), y_test)
""",
    "MLM005 a selection of columns on both sides": """
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
chooser = SelectKBest(k=3).fit(pd.concat([X_train, X_test]), pd.concat([y_train, y_test]))
model = SVC().fit(chooser.transform(X_train), y_train)
accuracy_score(y_test, model.predict(chooser.transform(X_test)))
""",
    "MLM005 rows drawn with replacement before the split": """
from sklearn.utils import resample

X, y = resample(X, y, n_samples=5000, random_state=0)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
""",
    "MLM005 the smaller class drawn anew before the split": """
from sklearn.utils import resample

df = pd.read_csv("churn.csv")
stayed, left = df[df["churn"] == 0], df[df["churn"] == 1]
more = resample(left, replace=True, n_samples=len(stayed), random_state=0)
df = pd.concat([stayed, more]).sample(frac=1, random_state=0)
train, test = train_test_split(df, random_state=0)
""",
    "MLM005 a sample with replacement before the split": """
df = pd.read_csv("churn.csv").sample(frac=2, replace=True, random_state=0)
train, test = train_test_split(df, random_state=0)
""",
    "MLM005 a function that scales all rows": """
from sklearn.preprocessing import scale

X = scale(X)
cross_val_score(SVC(), X, y, cv=5)
""",
    "MLM005 missing values of a table filled with its means": """
df = pd.read_csv("titanic.csv")
df = df.fillna(df.mean())
train, test = train_test_split(df, random_state=0)
""",
    "MLM011 the best model of a loop": """
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
best_score = 0
for C in [0.1, 1, 10]:
    model = SVC(C=C).fit(X_train, y_train)
    score = model.score(X_test, y_test)
    if score > best_score:
        best_score, best_model = score, model
""",
    "MLM011 the number of neighbours with the best test score": """
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
scores = []
for k in range(1, 20):
    m = KNeighborsClassifier(k).fit(X_train, y_train)
    scores.append(m.score(X_test, y_test))
best_k = np.argmax(scores) + 1
""",
    "MLM011 the best of a list of test scores": """
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
scores = []
for k in range(1, 20):
    m = KNeighborsClassifier(k).fit(X_train, y_train)
    scores.append(accuracy_score(y_test, m.predict(X_test)))
best = max(scores)
""",
    "MLM011 the best model of a dict of test scores": """
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
res = {}
for name, m in {"a": SVC(), "b": LogisticRegression()}.items():
    m.fit(X_train, y_train)
    res[name] = m.score(X_test, y_test)
winner = max(res, key=res.get)
""",
    "MLM011 the position of the best in a comprehension": """
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
accs = [KNeighborsClassifier(k).fit(X_train, y_train).score(X_test, y_test) for k in range(1, 9)]
k = np.argmax(accs)
""",
    "MLM011 a running maximum": """
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
best = 0
for k in range(1, 20):
    m = KNeighborsClassifier(k).fit(X_train, y_train)
    best = max(best, m.score(X_test, y_test))
""",
    "MLM011 a threshold off the ROC curve of the test set": """
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
m = SVC().fit(X_train, y_train)
p = m.predict_proba(X_test)[:, 1]
fpr, tpr, thr = roc_curve(y_test, p)
best_thr = thr[np.argmax(tpr - fpr)]
""",
    "MLM011 a threshold by the F1 of the test set": """
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
m = SVC().fit(X_train, y_train)
p = m.predict_proba(X_test)[:, 1]
best_f1 = 0
for t in np.arange(0, 1, 0.01):
    f = f1_score(y_test, (p > t).astype(int))
    if f > best_f1:
        best_f1, best_t = f, t
""",
    "MLM011 the best row of a table of test scores": """
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
rows = []
for k in range(1, 20):
    m = KNeighborsClassifier(k).fit(X_train, y_train)
    rows.append({"k": k, "acc": m.score(X_test, y_test)})
r = pd.DataFrame(rows)
best = r.loc[r["acc"].idxmax()]
""",
    "MLM011 the better of two models": """
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
a = SVC().fit(X_train, y_train).score(X_test, y_test)
b = LogisticRegression().fit(X_train, y_train).score(X_test, y_test)
best = max(a, b)
""",
    "MLM011 a setting by the position of the best score": """
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
scores = []
ks = [1, 3, 5]
for k in ks:
    m = KNeighborsClassifier(k).fit(X_train, y_train)
    scores.append(m.score(X_test, y_test))
k = ks[scores.index(max(scores))]
""",
    "MLM005 a scaler fitted on the rows of both files, which are scored": """
train = pd.read_csv("a")
test = pd.read_csv("b")
scaler = StandardScaler().fit(pd.concat([train, test]))
m = SVC().fit(scaler.transform(train), train["y"])
m.score(scaler.transform(test), test["y"])
""",
    "MLM011 XGBoost stops by the test set": """
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
import xgboost as xgb

m = xgb.XGBClassifier(early_stopping_rounds=10, random_state=0)
m.fit(X_train, y_train, eval_set=[(X_test, y_test)])
print(accuracy_score(y_test, m.predict(X_test)))
""",
    "MLM011 Keras stops by the test set": """
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
model = build()
stop = keras.callbacks.EarlyStopping(patience=5)
model.fit(X_train, y_train, validation_data=(X_test, y_test), callbacks=[stop])
model.evaluate(X_test, y_test)
""",
    "MLM011 LightGBM stops by the test set": """
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
dtrain = lgb.Dataset(X_train, y_train)
dtest = lgb.Dataset(X_test, y_test)
m = lgb.train(params, dtrain, valid_sets=[dtest], callbacks=[lgb.early_stopping(20)])
r2_score(y_test, m.predict(X_test))
""",
    "MLM010 a model of all rows scored on each fold": """
m = SVC().fit(X, y)
for a, b in KFold(5).split(X):
    print(m.score(X[b], y[b]))
""",
    "MLM010 a model fitted on both sides": """
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
m = SVC().fit(np.vstack([X_train, X_test]), np.r_[y_train, y_test])
m.score(X_test, y_test)
""",
    "MLM005 the rest of a sample after scaling": """
df = pd.read_csv("c")
df["a"] = StandardScaler().fit_transform(df[["a"]])
train = df.sample(frac=0.8, random_state=0)
test = df.drop(train.index)
m = SVC().fit(train[["a"]], train["y"])
m.score(test[["a"]], test["y"])
""",
    "MLM005 missing values filled with the mode of all rows": """
df = pd.read_csv("c")
df["a"] = df["a"].fillna(df["a"].mode()[0])
tr, te = train_test_split(df, random_state=0)
""",
    "MLM005 the mean of a target that has a name": """
TARGET = "price"
df = pd.read_csv("c")
df["m"] = df.groupby("city")[TARGET].transform(np.mean)
y = df[TARGET]
X = df.drop(columns=[TARGET])
a, b, c, d = train_test_split(X, y, random_state=0)
""",
    "MLM005 the mean of the target merged by group": """
df = pd.read_csv("c")
m = df.groupby("city")["price"].mean()
df = df.merge(m, on="city")
a, b = train_test_split(df, random_state=0)
y_train = a["price"]
""",
    "MLM005 z-scores of all rows": """
from scipy.stats import zscore

X = zscore(X)
a, b = train_test_split(X, random_state=0)
""",
    "MLM010 a model fitted on the test rows": """
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
m = SVC().fit(X_test, y_test)
m.score(X_test, y_test)
""",
    "MLM010 the best estimator of a search over all rows": """
g = GridSearchCV(SVC(), {}).fit(X, y)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
g.best_estimator_.score(X_test, y_test)
""",
    "MLM005 all rows three times before the split": """
df = pd.read_csv("c")
df = pd.concat([df] * 3)
a, b = train_test_split(df, random_state=0)
""",
    "MLM011 the first of sorted models": """
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
results = {}
for name, model in {"svc": SVC(), "linear": LogisticRegression()}.items():
    model.fit(X_train, y_train)
    results[name] = f1_score(y_test, model.predict(X_test))
best_name, best_f1 = sorted(results.items(), key=lambda pair: pair[1], reverse=True)[0]
""",
    "MLM011 the first row of a sorted table": """
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
rows = []
for k in range(1, 20):
    model = KNeighborsClassifier(k).fit(X_train, y_train)
    rows.append({"k": k, "accuracy": model.score(X_test, y_test)})
table = pd.DataFrame(rows).sort_values("accuracy", ascending=False)
best_k = table.iloc[0]["k"]
""",
}
"""Each must have the rule that its name begins with, and no other leak."""

NO_LEAKS = {
    "a validation set chooses": """
X_train, X_val, y_train, y_val = train_test_split(X, y, random_state=0)
best = 0
for k in range(1, 20):
    m = KNeighborsClassifier(k).fit(X_train, y_train)
    if (s := m.score(X_val, y_val)) > best:
        best = s
        bk = k
""",
    "another file judges the choice": """
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
scores = []
for k in range(1, 20):
    m = KNeighborsClassifier(k).fit(X_train, y_train)
    scores.append(m.score(X_test, y_test))
best_k = np.argmax(scores) + 1
final = pd.read_csv("final.csv")
KNeighborsClassifier(best_k).fit(X_train, y_train).score(final, yf)
""",
    "a cross-validation chooses": """
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
scores = []
for k in range(1, 20):
    scores.append(cross_val_score(KNeighborsClassifier(k), X_train, y_train).mean())
best_k = np.argmax(scores) + 1
KNeighborsClassifier(best_k).fit(X_train, y_train).score(X_test, y_test)
""",
    "a cross-validation chooses beside test scores": """
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
rows = []
for k in range(1, 20):
    m = KNeighborsClassifier(k).fit(X_train, y_train)
    cv = cross_val_score(m, X_train, y_train).mean()
    rows.append((cv, m.score(X_test, y_test)))
best = max(rows, key=lambda r: r[0])
""",
    "the extremes of scores for a plot": """
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
scores = []
for k in range(1, 20):
    m = KNeighborsClassifier(k).fit(X_train, y_train)
    scores.append(m.score(X_test, y_test))
plt.ylim(min(scores), max(scores))
ymax = max(scores)
""",
    "a last fit on all rows after the score": """
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
m = SVC().fit(X_train, y_train)
m.score(X_test, y_test)
m.fit(X, y)
m.predict(X_test[:5])
""",
    "a fit on all rows within a branch": """
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
m = SVC()
if final:
    m.fit(X, y)
m.score(X_test, y_test)
""",
    "a function of which nothing is known may fit the model again": """
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
m = SVC().fit(X, y)
helper(m, X_train, y_train)
m.score(X_test, y_test)
""",
    "sorted scores that are shown": """
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
results = {}
for name, model in {"svc": SVC(), "linear": LogisticRegression()}.items():
    results[name] = model.fit(X_train, y_train).score(X_test, y_test)
ranked = sorted(results.items(), key=lambda pair: pair[1])
for name, score in ranked:
    print(name, score)
table = pd.Series(results).sort_values()
print(table.head())
""",
    "a bootstrap of the test set": """
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
from sklearn.utils import resample

m = SVC().fit(X_train, y_train)
for i in range(100):
    Xb, yb = resample(X_test, y_test, random_state=i)
    m.score(Xb, yb)
""",
    "the mean of the target is no feature": """
df = pd.read_csv("c")
df["avg"] = df.groupby("city")["price"].transform("mean")
df.plot()
X = df[["age", "rooms"]]
y = df["price"]
a, b, c, d = train_test_split(X, y, random_state=0)
""",
    "the mean of the target is dropped": """
df = pd.read_csv("c")
df["avg"] = df.groupby("city")["price"].transform("mean")
X = df.drop(columns=["avg", "price"])
y = df["price"]
a, b, c, d = train_test_split(X, y, random_state=0)
""",
    "the number of rows by group": """
df = pd.read_csv("c")
df["n"] = df.groupby("city")["price"].transform("count")
X = df.drop(columns=["price"])
y = df["price"]
a, b, c, d = train_test_split(X, y, random_state=0)
""",
    "rows of a file that is predicted only": """
train = pd.read_csv("train.csv")
test = pd.read_csv("test.csv")
scaler = StandardScaler().fit(pd.concat([train, test]))
m = SVC().fit(scaler.transform(train), y)
m.predict(scaler.transform(test))
""",
    "a scaler of the training and validation rows": """
X_train, X_val, X_test, y_train, y_val, y_test = load()
scaler = StandardScaler().fit(np.vstack([X_train, X_val]))
m = SVC().fit(scaler.transform(X_train), y_train)
m.score(scaler.transform(X_test), y_test)
""",
    "a sample without replacement": """
from sklearn.utils import resample

X, y = resample(X, y, replace=False, n_samples=100, random_state=0)
a, b, c, d = train_test_split(X, y, random_state=0)
""",
    "duplicates dropped after the split": """
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
X_train = X_train.drop_duplicates()
m = SVC().fit(X_train, y_train)
m.score(X_test, y_test)
""",
    "training rows drawn anew": """
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
from sklearn.utils import resample

Xb, yb = resample(X_train, y_train, random_state=0)
m = SVC().fit(Xb, yb)
m.score(X_test, y_test)
""",
    "a validation set stops": """
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
X_fit, X_val, y_fit, y_val = train_test_split(X_train, y_train, random_state=0)
m = lgb.LGBMClassifier(random_state=0).fit(
    X_fit, y_fit, eval_set=[(X_val, y_val)], callbacks=[lgb.early_stopping(10)]
)
m.score(X_test, y_test)
""",
    "the test set is watched, and stops nothing": """
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
m = lgb.LGBMClassifier(random_state=0).fit(X_train, y_train, eval_set=[(X_test, y_test)])
m.score(X_test, y_test)
""",
    "the best fold": """
best = 0
for a, b in KFold(5).split(X):
    X_train, X_test = X[a], X[b]
    m = SVC().fit(X_train, y[a])
    s = m.score(X_test, y[b])
    if s > best:
        best = s
        best_model = m
""",
    "columns beside each other": """
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
Z = np.concatenate([X, X2], axis=1)
Z2 = np.concatenate((X, X2), 1)
m = SVC().fit(X_train, y_train)
m.score(X_test, y_test)
""",
    "models in a dict that a loop fits again": """
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
a = SVC().fit(X, y)
models = {"a": a}
for n, m in models.items():
    m.fit(X_train, y_train)
a.score(X_test, y_test)
""",
    "rows repeated before folds by groups": """
groups = np.arange(len(X)).repeat(3)
X, y = np.repeat(X, 3, axis=0), np.repeat(y, 3, axis=0)
cross_val_score(SVC(), X, y, groups=groups, cv=GroupKFold(5))
""",
    "a model whose coefficients are set": """
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
model = LogisticRegression().fit(X, y)
model.coef_ = other.coef_
model.score(X_test, y_test)
""",
    "targets hidden from a model that learns from all rows": """
from sklearn.semi_supervised import LabelSpreading

X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
model = LabelSpreading().fit(X, hidden)
model.score(X_test, y_test)
""",
    "a function that is never called": """
def report(X_train, X_test):
    best = 0
    for C in [1, 2]:
        score = SVC(C=C).fit(X_train, y_train).score(X_test, y_test)
        if score > best:
            best = score
    return best
""",
    "outliers left out by their z-scores": """
from scipy import stats

df = pd.read_csv("x.csv")
df = df[(np.abs(stats.zscore(df[["age", "income"]])) < 3).all(axis=1)]
df["z"] = stats.zscore(df["age"])
df = df[df["z"] < 2].drop(columns="z")
train, test = train_test_split(df, random_state=0)
""",
    "clusters matched to classes by the largest counts": """
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
model = KNeighborsClassifier().fit(X_train, y_train)
matched = np.argmax(confusion_matrix(y_test, model.predict(X_test)), axis=1)
predicted = np.argmax(model.predict_proba(X_test), axis=1)
""",
    "the best of training and test scores": """
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
model = SVC().fit(X_train, y_train)
best = max(model.score(X_train, y_train), model.score(X_test, y_test))
""",
    "another target, by group": """
df = pd.read_csv("shops.csv")
df["mean_area"] = df.groupby("city")["area"].transform("mean")
y = df.pop("rent")
X_train, X_test, y_train, y_test = train_test_split(df, y, random_state=0)
""",
}
"""None must have any finding of the rules for leaks."""


def with_data(snippet: str) -> str:
    """Return a snippet below the imports and the data that it uses."""
    return _DATA + snippet
