"""Distinguish names, which a person or a program chose, from random text, which a generator made."""

from __future__ import annotations

import builtins
import keyword
import re
import sys
from functools import lru_cache
from pathlib import Path

_PART = re.compile(r"[A-Z]?[a-z]{3,}|[A-Z]{4,}(?![a-z])")
_SWITCH = re.compile(r"(?<=[A-Za-z])(?=\d)|(?<=\d)(?=[A-Za-z])")
_SIGNS = re.compile(r"[\W_]+")
_NAME_PIECE = re.compile(r"[A-Za-z]+\d{0,4}|\d+[A-Za-z]?")
_CONSONANTS = re.compile(r"[bcdfghjklmnpqrstvwxz]{5}")
_BASES = frozenset("ACGTUN")
_LEAST_SHARE = 0.8  # of letters in words; it is 0.1 for random letters and digits, 0.3 for random lower-case letters
_MOST_SWITCHES = 4  # between letters and digits: a random text of 16 has six, `resnet50v2` has three
_RUN = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_LONGEST_WORD = 20
_LEAST_JUDGED = 8
_LONGEST_NUMBER = 3  # digits in a name: a word followed by a year is more likely a password
_FEWEST_VOWELS = 0.2
_ONE_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")
_FEWEST_VOWELS_OF_ONE, _MOST_VOWELS_OF_ONE = 0.22, 0.6
_MOST_RARE = 0.15  # of the letters of a word; of random letters they are a third
_RARE = "jkqvwxyz"
_RUN_OF_CONSONANTS = re.compile(r"[bcdfghjklmnpqrstvwxz]{9}")

# Words that occur in code, logs and requirements, and that people use as passwords, including ML terms.
_WORDS = frozenset(
    """
    abc absolute accuracy adagrad adam adamw adapter address admin administrator aggregate airflow alpha amp anaconda
    analysis anchor anonymous api app argon ascii asha async attention attn auc audio augment auto average awesome
    backend bag bagging balanced bar bart base base64 based baseline batch batchnorm bayes bce bcrypt beam bert best
    beta bf bge bias bidirectional bilinear bin binary binomial bleu block bm boost bot bottleneck bow box bpe brier
    bucket build cached calibrated cased cat catboost category causal cbow ce centroid changeme channel chapter
    character chat chunk cifar class classifier client clip cloud cls cluster cnn coco code cola colbert color column
    concat conda config connection context conv convnext copy core corr cosine count coverage cpu crf cross csv ctc
    cuda cumulative curve cv cyclic dart dask data database databricks dataset db dbscan ddp deberta debug decoded
    decoder deep deepspeed default deit delta demo dense densenet dep depth dev develop dice diff diffusion dim dinov
    disabled distil distilbert distilgpt docker document domain double dpr drift dropout dtype dummy early edge
    efficientnet elastic elasticnet electra elu email embed embedding empty enabled encoded encoder encrypted end
    ensemble entropy epoch eps error estimator eval exact example experiment exponential export extra f1 face factor
    fail faiss falcon false fasttext fbeta fc feature ffn field figure file filter fine first fit flan flat float floor
    flow fm focal fold foo forecast forest forgotten fp fraud free freeze frozen fsdp full fusion gamma gan gat
    gaussian gbdt gbm gcn gelu gemma generated generator gini glove glue gmm gnn gold gpt gpu gradient graph greedy
    grid group gru gs guest half hash hashed hashing head held hello hf hidden hinge hist hit hnsw holdout holm host
    hot house huber huge hybrid identity idx image imagenet images imbalance imdb impute inception incorrect index
    infer infinity info inner input instance instruct int interval invalid inverse iou iris iso isolation iter
    iteration ivf job joint json jupyter kafka kaggle keras kernel key kfold kl kmeans knn krr label lambda lang
    language large lars lasso last latent layer layernorm lda left legacy lemma len length level lgb lgbm lightgbm
    linear list listwise llama local localhost log log1p login logistic logit logloss logo longest lora loss low lower
    lr lstm machine macro mae main mamba mandatory manual map mape margin markdown mart mask master max maxpool md mean
    median medium merge meta method metric micro mid min mini minilm minio missing mistral mixer mixtral mlflow mlp
    mnist mnli mobilenet mode model modern modernbert momentum mongo mongodb month mpnet mps mrr mse multi multinomial
    mvp mysql naive name nano nb ndcg nearest neighbor ner nesterov net network neural new news nginx ngram nli nll
    nobody node noise none norm notebook null number numpy offline online only oob oof opt optimizer option optional
    optuna oracle order ordinal outer output oversample owner pad page pair pairwise pandas param parquet part pass
    passphrase password patch path pattern pca penalty percent perplexity phase phi phone pico pipeline pixel plateau
    platt pointwise poisson poly polynomial pool pooled pos positive postgres postgresql power pq pr pre precision
    predict prefix preprocess price private probability probe prod production project prompt protected proxy pruned
    pseudo public python pytorch quantile query qwen rabbitmq random range rank ranking rate raw ray rbf read readonly
    rec recall record redis reduced ref regnet regression regressor relative relu remote required rerank reset residual
    resnet resnext resplit result retriever rf ridge right rmse rmsprop roberta robot roc root rouge roundtrip row rule
    run safe salted sample sampler sbert scale scaled scaler scheduler schema score scratch scrypt search secret
    secrets security segment self senet sep seq sequence server service session set setup sgd sha shape shard short
    shuffle siamese side sigma sigmoid silu size skip sklearn sl small smote soft softmax source spark sparse spectral
    spline split sq squad square squeezenet sst stable stacked stacking staff stage staging standard start state step
    stochastic stop storage store str strategy stratified stream strict string strong student style sub subword suffix
    sum superuser svc svd svm svr swin swish switch system table tag tail target task tcn temporal tensor tensorflow
    test tester testing text tf tfidf tgt theta time timm tiny title token tokenizer tokens top topic torch total tp
    tpe tpu train trainer training transformer tree trees trial trigram triplet true tsne tune tuned turbo tutorial two
    type umap unet uniform unigram unit universal unk unknown unsup update upper user username users utf vae val valid
    validation value variance vec vector version vgg video view vision vit vocab volume voting wandb warm warmup
    wasserstein wav web weekly weight weighted welcome wer whisper wide wiki wikitext wild window wine word word2vec
    wordpiece words worker workspace world wrapper wrong xception xgb xgboost xl xlm xlnet xs yaml year yes yolo zero
    zoo birthplace catchphrase downstream lengthscale matchstick strength strengths worthwhile
    """.split()  # noqa: SIM905  # a list of 700 quoted words is none that one reads
)


@lru_cache(maxsize=4096)
def looks_generated(text: str) -> bool:
    """Return whether *text* reads as random letters and digits, not as words, an identifier, numbers or DNA.

    >>> [looks_generated(text) for text in ("a1B2c3D4e5", "qwkjhzxmvb", "sensitivity", "resnet50-v2", "ACGTACGTAC")]
    [True, True, False, False, False]
    """
    if text.isdigit() or _BASES.issuperset(text):
        return False
    if len(_SWITCH.findall(text)) >= _MOST_SWITCHES:
        return True
    in_words = sum(len(part) for part in _PART.findall(text) if _is_a_word(part.lower()))
    return in_words < _LEAST_SHARE * sum(c.isalpha() for c in text)


def _is_a_word(part: str) -> bool:
    if part in _WORDS:
        return True
    vowels = sum(part.count(vowel) for vowel in "aeiouy")
    return len(part) <= _LONGEST_WORD and not _CONSONANTS.search(part) and vowels >= _FEWEST_VOWELS * len(part)


def reads_as_one_word(text: str) -> bool:
    """Return whether *text*, of letters only, can be pronounced, like a long word of any language in these letters.

    >>> [reads_as_one_word(text) for text in ("Donaudampfschiff", "antidisestablishmentarianism", "qhzvkjxmwpbtrald")]
    [True, True, False]
    """
    lower = text.lower()
    vowels, rare = (sum(map(lower.count, letters)) for letters in ("aeiouy", _RARE))
    return (
        _ONE_WORD.fullmatch(text) is not None
        and _FEWEST_VOWELS_OF_ONE * len(text) <= vowels <= _MOST_VOWELS_OF_ONE * len(text)
        and rare <= _MOST_RARE * len(text)
        and _RUN_OF_CONSONANTS.search(lower) is None
    )


def is_name(text: str) -> bool:
    """Return whether *text* is made of words, each with at most a short number, like the names of models and columns.

    >>> [is_name(text) for text in ("bert-base-uncased-v2", "feature_17", "[CLS]", "hunter2x", "s3cr3t-value")]
    [True, True, True, False, False]
    """
    pieces = [piece for piece in _SIGNS.split(text) if piece]
    return all(
        _NAME_PIECE.fullmatch(piece) and not (len(piece) >= _LEAST_JUDGED and looks_generated(piece))
        for piece in pieces
    )


def is_common_word(text: str) -> bool:
    """Return whether *text* is a word of code, of an installed package or of machine learning, such as ``mlflow``.

    >>> [is_common_word(text) for text in ("mlflow", "Admin", "import", "swordfish")]
    [True, True, True, False]
    """
    word = text.lower().replace("-", "_")
    return word in _WORDS or word in _words_of_code() or word in _installed(tuple(sys.path))


@lru_cache(maxsize=4096)
def is_made_of_words(text: str) -> bool:
    """Return whether *text* is made of common words, with short numbers and single letters, such as ``train1``.

    >>> [is_made_of_words(text) for text in ("train1", "gpt2xl", "data/raw_v2", "hunter2", "a1b2c3")]
    [True, True, True, False, False]
    """
    if any(c.isspace() for c in text) or "".join(_RUN.findall(text)) != _SIGNS.sub("", text):
        return False
    runs = _RUN.findall(text)
    words = [run for run in runs if len(run) > 1 and run.isalpha()]
    in_words = sum(map(len, words))
    letters = in_words + sum(run.isalpha() for run in runs if len(run) == 1)
    numbers = [run for run in runs if run.isdigit()]
    few_digits = len(numbers) <= 1 or 2 * sum(map(len, numbers)) <= letters
    return (
        in_words > _LEAST_SHARE * letters
        and few_digits
        and all(len(number) <= _LONGEST_NUMBER for number in numbers)
        and all(is_common_word(word) for word in words)
    )


@lru_cache(maxsize=1)
def _words_of_code() -> frozenset[str]:
    return frozenset(word.lower() for word in (*keyword.kwlist, *dir(builtins), *sys.stdlib_module_names))


@lru_cache(maxsize=4)
def _installed(path: tuple[str, ...]) -> frozenset[str]:
    """Return the names of the modules, packages and distributions on *path*; listing them takes milliseconds."""
    names: set[str] = set()
    for folder in path:
        try:
            names.update(entry.name.lower() for entry in Path(folder or ".").iterdir())
        except OSError:  # a missing folder, or an archive
            continue
    return frozenset(re.split(r"[.\-]", name)[0] for name in names)
