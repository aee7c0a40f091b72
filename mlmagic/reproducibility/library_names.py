"""The classes and functions of scikit-learn and its relatives that the rules know by name."""

from __future__ import annotations

from mlmagic.reproducibility.code import OWN

_LIBRARIES = frozenset({
    "sklearn", "imblearn", "category_encoders", "feature_engine", "cuml", "dask_ml", "sklearnex", "umap", "xgboost",
    "lightgbm", "catboost",
})  # fmt: skip

TRANSFORMERS = frozenset({
    "StandardScaler", "MinMaxScaler", "MaxAbsScaler", "RobustScaler", "PowerTransformer", "QuantileTransformer",
    "KBinsDiscretizer", "OneHotEncoder", "OrdinalEncoder", "TargetEncoder", "SplineTransformer", "SimpleImputer",
    "KNNImputer", "IterativeImputer", "MissingIndicator", "PCA", "IncrementalPCA", "KernelPCA", "SparsePCA",
    "TruncatedSVD", "FastICA", "NMF", "FactorAnalysis", "LatentDirichletAllocation", "DictionaryLearning", "UMAP",
    "SelectKBest", "SelectPercentile", "SelectFpr", "SelectFdr", "SelectFwe", "SelectFromModel", "RFE", "RFECV",
    "SequentialFeatureSelector", "VarianceThreshold", "GenericUnivariateSelect", "CountVectorizer", "TfidfVectorizer",
    "TfidfTransformer", "DictVectorizer", "KernelCenterer", "Nystroem",
    "LeaveOneOutEncoder", "CatBoostEncoder", "WOEEncoder", "JamesSteinEncoder", "MEstimateEncoder", "BinaryEncoder",
    "CountEncoder",
})  # fmt: skip
"""Classes that learn from rows what they do to others."""
STATELESS = frozenset({
    "Normalizer", "Binarizer", "FunctionTransformer", "HashingVectorizer", "FeatureHasher", "PolynomialFeatures",
    "AdditiveChi2Sampler",
})  # fmt: skip
"""Transformers that learn nothing from the rows."""
COMBINED = frozenset({"ColumnTransformer", "make_column_transformer", "FeatureUnion", "make_union"})
PIPELINES = frozenset({"Pipeline", "make_pipeline"})
RESAMPLERS = frozenset({
    "SMOTE", "SMOTENC", "SMOTEN", "BorderlineSMOTE", "SVMSMOTE", "KMeansSMOTE", "ADASYN", "RandomOverSampler",
    "RandomUnderSampler", "SMOTEENN", "SMOTETomek", "NearMiss", "TomekLinks", "EditedNearestNeighbours",
    "ClusterCentroids",
})  # fmt: skip
SEARCHES = frozenset({"GridSearchCV", "RandomizedSearchCV", "HalvingGridSearchCV", "HalvingRandomSearchCV"})
SHUFFLED_ON_REQUEST = frozenset({"KFold", "StratifiedKFold", "StratifiedGroupKFold"})
ALWAYS_SHUFFLED = frozenset({
    "ShuffleSplit", "StratifiedShuffleSplit", "GroupShuffleSplit", "RepeatedKFold", "RepeatedStratifiedKFold",
})  # fmt: skip
SPLITTERS = SHUFFLED_ON_REQUEST | ALWAYS_SHUFFLED | {
    "GroupKFold", "LeaveOneOut", "LeavePOut", "LeaveOneGroupOut", "TimeSeriesSplit", "PredefinedSplit",
}  # fmt: skip
CROSS_VALIDATIONS = frozenset({
    "cross_val_score", "cross_validate", "cross_val_predict", "learning_curve", "validation_curve",
    "permutation_test_score",
})  # fmt: skip
METRICS = frozenset({
    "accuracy_score", "balanced_accuracy_score", "f1_score", "fbeta_score", "precision_score", "recall_score",
    "roc_auc_score", "average_precision_score", "log_loss", "brier_score_loss", "matthews_corrcoef",
    "cohen_kappa_score", "jaccard_score", "hamming_loss", "zero_one_loss", "hinge_loss", "top_k_accuracy_score",
    "classification_report", "confusion_matrix", "roc_curve", "precision_recall_curve", "mean_squared_error",
    "root_mean_squared_error", "mean_absolute_error", "median_absolute_error", "mean_absolute_percentage_error",
    "mean_squared_log_error", "r2_score", "explained_variance_score", "max_error", "mean_pinball_loss",
    "mean_poisson_deviance", "mean_gamma_deviance", "mean_tweedie_deviance", "d2_tweedie_score",
})  # fmt: skip
"""Functions that judge predictions."""
RANDOM_ESTIMATORS = frozenset({
    "RandomForestClassifier", "RandomForestRegressor", "ExtraTreesClassifier", "ExtraTreesRegressor",
    "DecisionTreeClassifier", "DecisionTreeRegressor", "ExtraTreeClassifier", "ExtraTreeRegressor",
    "BaggingClassifier", "BaggingRegressor", "AdaBoostClassifier", "AdaBoostRegressor", "GradientBoostingClassifier",
    "GradientBoostingRegressor", "MLPClassifier", "MLPRegressor", "KMeans", "MiniBatchKMeans", "BisectingKMeans",
    "SGDClassifier", "SGDRegressor", "Perceptron", "PassiveAggressiveClassifier", "PassiveAggressiveRegressor",
    "IsolationForest", "GaussianMixture", "BayesianGaussianMixture", "TSNE", "UMAP", "TruncatedSVD", "FastICA",
    "LatentDirichletAllocation", "RandomTreesEmbedding", "RBFSampler", "Nystroem", "GaussianRandomProjection",
    "SparseRandomProjection", "BernoulliRBM", "RandomizedSearchCV", "HalvingRandomSearchCV", "SpectralClustering",
    "RANSACRegressor", "TheilSenRegressor", "SMOTE", "SMOTENC", "SMOTEN", "BorderlineSMOTE", "SVMSMOTE", "ADASYN",
    "RandomOverSampler", "RandomUnderSampler",
})  # fmt: skip
"""Classes that draw random numbers whatever their other parameters are."""
ENSEMBLES = frozenset({"AdaBoostClassifier", "AdaBoostRegressor", "BaggingClassifier", "BaggingRegressor"})
"""Classes that set the ``random_state`` of the estimator that they are given."""
RANDOM_IF = {
    "LogisticRegression": ("solver", ("sag", "saga")),
    "Ridge": ("solver", ("sag", "saga")),
    "RidgeClassifier": ("solver", ("sag", "saga")),
    "PCA": ("svd_solver", ("randomized",)),
    "SVC": ("probability", (True,)),
    "NuSVC": ("probability", (True,)),
}
"""Classes that draw random numbers if a parameter has one of these values."""
RANDOM_FUNCTIONS = frozenset({
    "make_classification", "make_regression", "make_blobs", "make_moons", "make_circles", "make_friedman1",
    "make_gaussian_quantiles", "permutation_importance", "resample",
})  # fmt: skip
"""Functions of scikit-learn that draw random numbers unless they are given ``random_state``."""


def is_of_library(path: str, names: frozenset[str]) -> bool:
    """Return whether *path* is one of these *names* of a library, or such a name that nothing imports.

    >>> is_of_library("sklearn.svm.SVC", frozenset({"SVC"})), is_of_library("__main__.SVC", frozenset({"SVC"}))
    (True, False)
    """
    first, _, rest = path.partition(".")
    last = path.rpartition(".")[2]
    return last in names and first != OWN and (not rest or first in _LIBRARIES)


def is_estimator_class(path: str) -> bool:
    """Return whether *path* looks like a class of one of the libraries, judged by its capital."""
    return path.partition(".")[0] in _LIBRARIES and path.rpartition(".")[2][:1].isupper()
