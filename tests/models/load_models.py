"""Run as a script in a process that has nothing of the other's: loads each logged model by MLflow alone, and asks it.

Arguments: the folder in which `logged.pkl` lies; what the models answer is put beside it. mlmagic is not imported.
"""

import pickle
import sys
from pathlib import Path

import mlflow

folder = Path(sys.argv[1])
answers = {}
for name, each in pickle.loads((folder / "logged.pkl").read_bytes()).items():
    model = mlflow.pyfunc.load_model(each["uri"])
    answer = model.predict(each["data"])
    answers[name] = {"answer": answer.toarray() if hasattr(answer, "toarray") else answer}
    if "modes" in each:
        import torch

        file = Path(mlflow.artifacts.download_artifacts(each["uri"])) / "data" / "model.pth"
        kept = torch.load(file, weights_only=False)
        answers[name]["modes"] = [module.training for module in kept.modules()]
assert not any(name.partition(".")[0] == "mlmagic" for name in sys.modules)
(folder / "answers.pkl").write_bytes(pickle.dumps(answers))
