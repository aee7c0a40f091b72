"""Notebooks as people write them: with a true defect, which must be found, and without one, which must not be."""

from __future__ import annotations

WITH_LEAKAGE = {
    "a scaler fitted on all rows, then the split": """
from sklearn.datasets import load_wine
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
X, y = load_wine(return_X_y=True)
scaler = StandardScaler()
X = scaler.fit_transform(X)
# %%
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
""",
    "a scaler fitted first, which transforms both sides later": """
X, y = load_wine(return_X_y=True)
scaler = StandardScaler().fit(X)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
model = LogisticRegression().fit(scaler.transform(X_train), y_train)
print(model.score(scaler.transform(X_test), y_test))
""",
    "a scaler fitted on all rows after the split": """
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import MinMaxScaler
df = pd.read_csv("churn.csv")
X, y = df.drop(columns="churn"), df["churn"]
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.2, random_state=7)
scaler = MinMaxScaler()
scaler.fit(X)
X_train, X_test = scaler.transform(X_train), scaler.transform(X_test)
model = LogisticRegression()
model.fit(X_train, y_train)
model.score(X_test, y_test)
""",
    "columns of a frame scaled in place": """
import pandas as pd
from sklearn.preprocessing import StandardScaler
from sklearn.model_selection import train_test_split
df = pd.read_csv("houses.csv")
num_cols = ["area", "rooms"]
df[num_cols] = StandardScaler().fit_transform(df[num_cols])
# %%
train, test = train_test_split(df, random_state=1)
""",
    "a scaler in a function of the notebook": """
from sklearn.preprocessing import RobustScaler
from sklearn.model_selection import train_test_split

def prepare(frame):
    values = RobustScaler().fit_transform(frame)
    return pd.DataFrame(values, columns=frame.columns)
# %%
data = pd.read_parquet("sensors.parquet")
features = prepare(data)
train, test = train_test_split(features, random_state=3)
""",
    "a scaler before the folds of a cross-validation": """
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.preprocessing import StandardScaler
iris = load_iris()
X_scaled = StandardScaler().fit_transform(iris.data)
scores = cross_val_score(LogisticRegression(), X_scaled, iris.target, cv=5)
""",
    "statistics of the whole frame": """
import pandas as pd
from sklearn.model_selection import train_test_split
X = pd.read_csv("x.csv")
X = (X - X.mean()) / X.std()
X_train, X_test = train_test_split(X, random_state=0)
""",
    "missing values filled with the mean of all rows": """
import pandas as pd
from sklearn.model_selection import train_test_split
df = pd.read_csv("titanic.csv")
df["Age"] = df["Age"].fillna(df["Age"].median())
y = df.pop("Survived")
X_train, X_test, y_train, y_test = train_test_split(df, y, random_state=0)
""",
    "columns selected by the target on all rows": """
from sklearn.feature_selection import SelectKBest, f_classif
from sklearn.model_selection import cross_val_score
from sklearn.svm import SVC
X_best = SelectKBest(f_classif, k=20).fit_transform(X, y)
cross_val_score(SVC(), X_best, y, cv=10).mean()
""",
    "PCA on all rows": """
from sklearn.decomposition import PCA
from sklearn.model_selection import train_test_split
pca = PCA(n_components=10)
components = pca.fit_transform(X)
Xtr, Xte, ytr, yte = train_test_split(components, y, random_state=42)
""",
    "a vectorizer of all texts": """
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.model_selection import train_test_split
vectorizer = TfidfVectorizer(max_features=5000)
X = vectorizer.fit_transform(reviews["text"])
X_train, X_test, y_train, y_test = train_test_split(X, reviews["label"], random_state=0, stratify=reviews["label"])
""",
    "rows drawn anew before the split": """
from imblearn.over_sampling import SMOTE
from sklearn.model_selection import train_test_split
X_res, y_res = SMOTE(random_state=0).fit_resample(X, y)
X_train, X_test, y_train, y_test = train_test_split(X_res, y_res, random_state=0)
""",
    "a target encoder on all rows": """
from sklearn.preprocessing import TargetEncoder
from sklearn.model_selection import train_test_split
df["city"] = TargetEncoder(random_state=0).fit_transform(df[["city"]], df["price"])
train, test = train_test_split(df, test_size=0.3, random_state=0)
""",
    "the mean of the target by group": """
import pandas as pd
from sklearn.model_selection import train_test_split
df = pd.read_csv("rents.csv")
df["district_rent"] = df.groupby("district")["rent"].transform("mean")
y = df["rent"]
X = df.drop(columns="rent")
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
""",
    "an imputer before %split": """
from sklearn.impute import SimpleImputer
imputer = SimpleImputer(strategy="median")
X = pd.DataFrame(imputer.fit_transform(X), columns=X.columns)
# %%
%split X y --test 0.2 --seed 1
""",
    "a pipeline of preprocessing alone, fitted on all rows": """
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
prepare = make_column_transformer((make_pipeline(SimpleImputer(), StandardScaler()), ["a"]), (OneHotEncoder(), ["b"]))
Z = prepare.fit_transform(df)
Z_train, Z_test = train_test_split(Z, random_state=0)
""",
    "a scaler before the folds of a loop": """
from sklearn.model_selection import KFold
from sklearn.preprocessing import StandardScaler
X = StandardScaler().fit_transform(X)
folds = KFold(5, shuffle=True, random_state=0)
for train, test in folds.split(X):
    model.fit(X[train], y[train])
    print(model.score(X[test], y[test]))
""",
    "a scaler fitted again on the test rows": """
from sklearn.linear_model import Ridge
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
scaler = StandardScaler()
X_train = scaler.fit_transform(X_train)
X_test = scaler.fit_transform(X_test)
model = Ridge().fit(X_train, y_train)
model.score(X_test, y_test)
""",
    "rows divided by slices after scaling": """
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVR
Z = StandardScaler().fit_transform(X)
model = SVR().fit(Z[:800], y[:800])
model.score(Z[800:], y[800:])
""",
    "smallest and largest values of all rows": """
X = pd.read_csv("x.csv")
X = (X - X.min()) / (X.max() - X.min())
train, test = train_test_split(X, random_state=0)
""",
    "a series scaled before it is divided in time": """
from sklearn.preprocessing import MinMaxScaler
series = pd.read_csv("passengers.csv")[["count"]].values
series = MinMaxScaler((0, 1)).fit_transform(series)
size = int(len(series) * 0.67)
train, test = series[:size, :], series[size:, :]
model.fit(train, epochs=5)
""",
    "validation rows taken from scaled training rows": """
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
X_train = StandardScaler().fit_transform(X_train)
X_fit, X_val, y_fit, y_val = train_test_split(X_train, y_train, random_state=0)
""",
    "loading, scaling and dividing in one function": """
from sklearn.decomposition import PCA
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

def load(path):
    table = pd.read_csv(path)
    target = table.pop("label")
    values = StandardScaler().fit_transform(table)
    return train_test_split(PCA(5).fit_transform(values), target, random_state=0)

X_train, X_test, y_train, y_test = load("a.csv")
""",
    "a scaler before a search over folds": """
from sklearn.model_selection import GridSearchCV
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
X_scaled = StandardScaler().fit_transform(X)
search = GridSearchCV(SVC(), {"C": [0.1, 1, 10]}, cv=5)
search.fit(X_scaled, y)
""",
    "a scaler before the rows are chosen by permuted positions": """
import numpy as np
from sklearn.preprocessing import StandardScaler
rng = np.random.default_rng(0)
order = rng.permutation(len(X))
train_idx, test_idx = order[:700], order[700:]
X = StandardScaler().fit_transform(X)
X_train, X_test = X[train_idx], X[test_idx]
classifier.fit(X_train, y[train_idx])
""",
}
"""Each must have MLM005."""

WITH_OTHER_DEFECTS = {
    "MLM001 NumPy": "import numpy as np\nX = np.random.rand(100, 3)\n",
    "MLM001 Python": "import random\nrandom.shuffle(rows)\n",
    "MLM001 a layer of torch": "import torch\nfrom torch import nn\nmodel = nn.Linear(4, 2)\n",
    "MLM001 a loader": (
        "from torch.utils.data import DataLoader\nbatches = DataLoader(data, batch_size=32, shuffle=True)\n"
    ),
    "MLM001 a seed that comes too late": "import numpy as np\nX = np.random.rand(9)\n# %%\nnp.random.seed(0)\n",
    "MLM001 NumPy within a function": "import numpy as np\ndef noise(n):\n    return np.random.normal(size=n)\n",
    "MLM002 default_rng": "import numpy as np\n# %%\n%seed 42\n# %%\nrng = np.random.default_rng()\n",
    "MLM003 a forest": "from sklearn.ensemble import RandomForestClassifier\nmodel = RandomForestClassifier(200)\n",
    "MLM003 k-means": "from sklearn.cluster import KMeans\nKMeans(3, random_state=None).fit(X)\n",
    "MLM003 made data": "from sklearn.datasets import make_blobs\nX, y = make_blobs(300)\n",
    "MLM004 train_test_split": (
        "from sklearn.model_selection import train_test_split\na, b = train_test_split(df, test_size=0.25)\n"
    ),
    "MLM004 shuffled folds": (
        "from sklearn.model_selection import KFold, cross_val_score\n"
        "cross_val_score(model, X, y, cv=KFold(5, shuffle=True))\n"
    ),
    "MLM004 torch": "from torch.utils.data import random_split\ntrain, test = random_split(data, [0.8, 0.2])\n",
    "MLM006 a scaler beside the recorded model": """
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
scaler = StandardScaler().fit(X_train)
# %%
%%track linear
from sklearn.linear_model import LogisticRegression
model = LogisticRegression().fit(scaler.transform(X_train), y_train)
accuracy = model.score(scaler.transform(X_test), y_test)
""",
    "MLM006 a model saved without its encoder": """
import joblib
from sklearn.preprocessing import OneHotEncoder
from sklearn.svm import SVC
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
encoded = OneHotEncoder().fit_transform(X_train)
model = SVC()
model.fit(encoded, y_train)
joblib.dump(model, "model.joblib")
""",
    "MLM007 a home": 'import pandas as pd\ndf = pd.read_csv("/home/ana/data/churn.csv")\n',
    "MLM007 a drive": 'data = r"C:\\Users\\ana\\churn.csv"\n',
    "MLM008 a number in three cells": (
        "a = train(patience=17)\n# %%\nb = train(patience=17, wide=True)\n# %%\nc = test(patience=17)\n"
    ),
    "MLM000 no Python": "model = fit(X,\n# %%\nx = 1\n",
}
"""Each must have the rule that its name begins with."""

CLEAN = {
    "a pipeline": """
from sklearn.datasets import load_wine
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
X, y = load_wine(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
model = make_pipeline(StandardScaler(), LogisticRegression()).fit(X_train, y_train)
model.score(X_test, y_test)
""",
    "a scaler fitted on the training rows": """
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
scaler = StandardScaler()
X_train_scaled = scaler.fit_transform(X_train)
X_test_scaled = scaler.transform(X_test)
model = SVC().fit(X_train_scaled, y_train)
model.score(X_test_scaled, y_test)
""",
    "a column transformer in a pipeline": """
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
columns = make_column_transformer((OneHotEncoder(), ["city"]), remainder=StandardScaler())
model = make_pipeline(columns, Ridge())
train, test = train_test_split(df, random_state=0)
model.fit(train.drop(columns="price"), train["price"])
""",
    "a cross-validation of a pipeline": """
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import Pipeline
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
pipe = Pipeline([("scale", StandardScaler()), ("pca", PCA(5)), ("svc", SVC())])
cross_val_score(pipe, X, y, cv=5).mean()
""",
    "ShuffleSplit with random_state": """
from sklearn.model_selection import ShuffleSplit, cross_validate
from sklearn.neighbors import KNeighborsClassifier
cross_validate(KNeighborsClassifier(), X, y, cv=ShuffleSplit(5, test_size=0.3, random_state=0))
""",
    "torch with a generator": """
import torch
from torch.utils.data import DataLoader, random_split
generator = torch.Generator().manual_seed(0)
train, test = random_split(data, [0.8, 0.2], generator=generator)
batches = DataLoader(train, shuffle=True, generator=generator)
noise = torch.randn(3, generator=generator)
""",
    "a LabelEncoder of the targets": """
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import LabelEncoder
y = LabelEncoder().fit_transform(df["species"])
X_train, X_test, y_train, y_test = train_test_split(df.drop(columns="species"), y, random_state=0, stratify=y)
""",
    "PCA for a picture only": """
import matplotlib.pyplot as plt
from sklearn.decomposition import PCA
flat = PCA(2).fit_transform(X)
plt.scatter(flat[:, 0], flat[:, 1], c=y, s=12, alpha=0.7)
# %%
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
model = SVC().fit(X_train, y_train)
""",
    "a scaler before clustering, nothing is held out": """
from sklearn.cluster import KMeans
from sklearn.preprocessing import StandardScaler
Z = StandardScaler().fit_transform(X)
labels = KMeans(4, random_state=0).fit_predict(Z)
""",
    "a resampler on the training rows": """
from imblearn.over_sampling import SMOTE
from sklearn.linear_model import LogisticRegression
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
X_more, y_more = SMOTE(random_state=0).fit_resample(X_train, y_train)
model = LogisticRegression().fit(X_more, y_more)
model.score(X_test, y_test)
""",
    "statistics of the training rows": """
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
mean, std = X_train.mean(), X_train.std()
X_train, X_test = (X_train - mean) / std, (X_test - mean) / std
model.fit(X_train, y_train)
""",
    "rolling means of prices": """
prices = pd.read_csv("prices.csv", index_col="date")
prices["calm"] = prices["close"] / prices["close"].rolling(20).mean()
prices = prices.dropna()
train, test = prices[:"2019"], prices["2020":]
model.fit(train[["calm"]], train["up"])
model.score(test[["calm"]], test["up"])
""",
    "pixels divided by their largest value": """
X = digits.data / 255.0
X_train, X_test, y_train, y_test = train_test_split(X, digits.target, random_state=0)
""",
    "rows scaled each by itself": """
from sklearn.preprocessing import Normalizer
X = Normalizer().fit_transform(X)
X = X - X.mean(axis=1, keepdims=True)
X_train, X_test = train_test_split(X, random_state=0)
""",
    "fewer of the training rows, and predictions for some of them": """
from sklearn.linear_model import SGDClassifier
from sklearn.preprocessing import StandardScaler
X_train, X_test, y_train, y_test = X[:60000], X[60000:], y[:60000], y[60000:]
scaler = StandardScaler()
X_train_scaled = scaler.fit_transform(X_train)
X_train_small = X_train_scaled[:1000]
model = SGDClassifier(random_state=0).fit(X_train_small, y_train[:1000])
for n in range(100, 1000, 300):
    model.fit(X_train_scaled[:n], y_train[:n])
    model.score(X_train_scaled[:n], y_train[:n])
model.fit(X_train_scaled, y_train)
model.predict(X_train_scaled[:5])
model.score(scaler.transform(X_test), y_test)
""",
    "origins, units and means of earlier rows": """
sales = pd.read_csv("sales.csv", parse_dates=["date"])
sales["day"] = sales["date"] - sales["date"].min()
sales["share"] = sales["price"] / sales["price"].max()
sales["before"] = sales["units"] - sales.groupby("shop")["units"].shift(1).rolling(7).mean()
y = sales["units"]
X_train, X_test, y_train, y_test = train_test_split(sales.drop(columns="units"), y, shuffle=False)
model.fit(X_train, y_train)
""",
    "the end-to-end project of a book": """
housing = pd.read_csv("housing.csv")
housing["income_cat"] = pd.cut(housing["median_income"], bins=[0, 1.5, 3, 4.5, 6, np.inf], labels=[1, 2, 3, 4, 5])
splitter = StratifiedShuffleSplit(n_splits=10, test_size=0.2, random_state=42)
for train_index, test_index in splitter.split(housing, housing["income_cat"]):
    strat_train_set = housing.iloc[train_index]
    strat_test_set = housing.iloc[test_index]
for set_ in (strat_train_set, strat_test_set):
    set_.drop("income_cat", axis=1, inplace=True)
# %%
housing = strat_train_set.drop("median_house_value", axis=1)
housing_labels = strat_train_set["median_house_value"].copy()
median = housing["total_bedrooms"].median()
housing["total_bedrooms"].fillna(median, inplace=True)
housing_num = housing.select_dtypes(include=[np.number])
imputer = SimpleImputer(strategy="median").fit(housing_num)
housing_tr = pd.DataFrame(imputer.transform(housing_num), columns=housing_num.columns)
scaled = StandardScaler().fit_transform(housing_tr)
model = LinearRegression().fit(scaled, housing_labels)
some_data = housing.iloc[:5]
# %%
preparation = ColumnTransformer([("num", StandardScaler(), make_column_selector())])
forest = make_pipeline(preparation, RandomForestRegressor(random_state=42))
cross_val_score(forest, housing, housing_labels, cv=10)
search = GridSearchCV(forest, {"randomforestregressor__max_features": [4, 6]}, cv=3).fit(housing, housing_labels)
final = search.best_estimator_
final.predict(strat_test_set.drop("median_house_value", axis=1))
""",
    "the global seed of NumPy": """
import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import KFold, train_test_split
np.random.seed(7)
X = np.random.rand(100, 3)
X_train, X_test = train_test_split(X)
KFold(5, shuffle=True)
RandomForestClassifier()
""",
    "a function that seeds all": """
import random, numpy as np, torch

def set_seed(value):
    random.seed(value)
    np.random.seed(value)
    torch.manual_seed(value)

set_seed(3)
# %%
model = torch.nn.Linear(3, 1)
order = np.random.permutation(10)
random.choice([1, 2])
""",
    "%seed and mlmagic": """
%load_ext mlmagic
%seed 42
# %%
%split X y --test 0.2 --stratify y
# %%
%%track forest
from sklearn.ensemble import RandomForestClassifier
model = RandomForestClassifier(100).fit(X_train, y_train)
%evaluate model X_test y_test
""",
    "generators of a seed": """
import numpy as np, random
rng = np.random.default_rng(0)
old = np.random.RandomState(seed=1)
own = random.Random(3)
values = rng.normal(size=10) + old.rand(10)
""",
    "estimators without chance": """
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold, TimeSeriesSplit
from sklearn.svm import SVC
LogisticRegression(C=0.5), SVC(), PCA(3), KFold(5), TimeSeriesSplit(4)
""",
    "an ensemble that seeds its trees, a seed before the fit, k-means from centres": """
import numpy as np
from sklearn.cluster import KMeans
from sklearn.ensemble import AdaBoostClassifier, BaggingRegressor
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
stump = DecisionTreeClassifier(max_depth=1)
AdaBoostClassifier(estimator=stump, random_state=42), BaggingRegressor(DecisionTreeRegressor(), random_state=0)
KMeans(init=centres, n_clusters=3, n_init=1)
# %%
model = DecisionTreeClassifier()
np.random.seed(13)
model.fit(X, y)
""",
    "random_state set afterwards, circles without noise": """
from sklearn.cluster import KMeans
from sklearn.datasets import make_circles
X, y = make_circles(200, shuffle=False)
model = KMeans(2)
for seed in range(5):
    model.set_params(random_state=seed).fit(X)
""",
    "folds with a scaler each": """
from sklearn.model_selection import StratifiedKFold
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
for train, test in StratifiedKFold(5, shuffle=True, random_state=0).split(X, y):
    scaler = StandardScaler().fit(X[train])
    model = SVC().fit(scaler.transform(X[train]), y[train])
    print(model.score(scaler.transform(X[test]), y[test]))
""",
    "train and test from files of their own": """
train, test = pd.read_csv("train.csv"), pd.read_csv("test.csv")
scaler = StandardScaler().fit(train[columns])
train[columns] = scaler.transform(train[columns])
test[columns] = scaler.transform(test[columns])
model = LogisticRegression().fit(train[columns], train["label"])
model.score(test[columns], test["label"])
""",
    "a pipeline of parts that are fitted already": """
%%track linear
from sklearn.linear_model import Ridge
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
scaler = StandardScaler().fit(X_train)
model = Ridge().fit(scaler.transform(X_train), y_train)
whole = Pipeline([("scale", scaler), ("model", model)])
other = Ridge(2)
other.fit(scaler.transform(X_train), y_train)
second = make_pipeline(scaler, other)
""",
    "a scaler and a model saved both": """
import joblib
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
scaler = StandardScaler().fit(X_train)
model = SVC().fit(scaler.transform(X_train), y_train)
joblib.dump(scaler, "scaler.joblib")
joblib.dump(model, "model.joblib")
""",
    "paths and numbers that are none of this machine": """
import os
data = os.environ.get("DATA", "/home/ana/data")
request = client.get("/api/v1/predict")
frame = pd.read_csv("data/churn.csv")
\"\"\"Data lies in /home/ana/data.\"\"\"
# %%
plt.subplots(figsize=(8, 3)); plot(alpha=0.37)
# %%
plot(alpha=0.37)
# %%
plot(alpha=0.37)
""",
    "a final fit on all rows after the evaluation": """
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
model = make_pipeline(StandardScaler(), LogisticRegression())
model.fit(X_train, y_train)
print(model.score(X_test, y_test))
# %%
model.fit(X, y)
""",
    "a sweep, whose trials have seeds": """
%%sweep depths depth=2,4 --seeds 3 --metric accuracy
from sklearn.ensemble import RandomForestClassifier
accuracy = cross_val_score(RandomForestClassifier(50, max_depth=depth), X_train, y_train, cv=3).mean()
""",
    "other languages and magics": "%%bash\nls /home\n# %%\n!pip install x\n%matplotlib inline\nx?\n",
    "scaled targets of the training rows": """
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
y_mean = y_train.mean()
model.fit(X_train, y_train - y_mean)
rmse = ((model.predict(X_test) + y_mean - y_test) ** 2).mean() ** 0.5
r2 = 1 - rmse**2 / ((y_test - y_test.mean()) ** 2).mean()
""",
    "rows filtered before a pipeline": """
df = df[df["age"] > 18].dropna()
df = df.query("income > 0").drop_duplicates()
train, test = train_test_split(df, random_state=0)
model = make_pipeline(SimpleImputer(), StandardScaler(), Ridge()).fit(train[cols], train["y"])
""",
}
"""None must have any finding."""


def cells_of(snippet: str) -> list[str]:
    """Return the sources of the cells of a snippet."""
    return [part.strip("\n") for part in snippet.split("# %%\n")]
