"""A client taken out of what the recommender left in files: releases that the API answers from, and models in MLflow.

A recommender keeps who paid whom in two arrays, the client's row goes from both. What it learned from all clients together,
vectors and shares of companies, stays: it says nothing of one of them.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from systems.payments import serving
from systems.payments.packaged import FILES
from systems.payments.recommender import CLIENTS, PAID
from utils import releases

if TYPE_CHECKING:
    from mlflow import MlflowClient

    from utils.settings import Settings

EXPERIMENTS, MODELS = "name LIKE '%payments_recommender'", "name = 'recommender'"
NOBODY = "0" * 32


def without_client(settings: Settings, pseudonym: str) -> Mapping[str, int]:
    """Clear releases and logged models of a client; how many of each held one. Nothing without a volume of releases."""
    folder = serving.folder_of(settings)
    if not folder.is_dir():
        return {}
    return {"releases": _clear_releases(folder, pseudonym), "logged models": _clear_models(pseudonym)}


def cut(folder: Path, pseudonym: str) -> bool:
    """Take a client's row out of a recommender's files, if it is there."""
    clients = np.load(folder / CLIENTS)
    is_other = clients != pseudonym.encode()
    if is_other.all():
        return False
    paid = sparse.load_npz(folder / PAID)
    np.save(folder / CLIENTS, clients[is_other])
    sparse.save_npz(folder / PAID, sparse.csr_matrix(paid)[is_other], compressed=False)
    return True


def _clear_releases(folder: Path, pseudonym: str) -> int:
    """The release that counts is followed by one without the client; the others that hold the client go."""
    now, n = releases.current(folder), 0
    for release in sorted(path.parent for path in folder.glob(f"*/{releases.LIST}")):
        with tempfile.TemporaryDirectory() as beside:
            files = Path(beside) / "files"
            shutil.copytree(release, files, ignore=shutil.ignore_patterns(releases.LIST))
            if not cut(files, pseudonym):
                continue
            if release.name == now:
                releases.release(folder, _next(release.name), files)
        shutil.rmtree(release, ignore_errors=True)
        n += 1
    return n


def _next(version: str) -> str:
    """v7 -> v7-1 -> v7-2: the same model, with clients fewer."""
    base, _, number = version.partition("-")
    return f"{base}-{int(number or 0) + 1}"


def _clear_models(pseudonym: str) -> int:
    import mlflow

    client = mlflow.MlflowClient()
    return sum(_clear_model(client, model, pseudonym) for model in _models(client))


def _models(client: MlflowClient) -> Iterator[Any]:
    experiments = [each.experiment_id for each in client.search_experiments(filter_string=EXPERIMENTS)]
    token: str | None = ""
    while experiments and token is not None:
        page = client.search_logged_models(experiments, filter_string=MODELS, page_token=token or None)
        yield from page
        token = page.token or None


def _clear_model(client: MlflowClient, model: Any, pseudonym: str) -> bool:
    """Upload the two arrays without the client, and examples of input that named one, over the old ones."""
    import mlflow.artifacts

    with tempfile.TemporaryDirectory() as beside:
        files = Path(mlflow.artifacts.download_artifacts(model.model_uri, dst_path=beside))
        arrays = files / "artifacts" / FILES
        is_cut = arrays.is_dir() and cut(arrays, pseudonym)
        examples = [path for path in files.glob("*.json") if pseudonym in path.read_text()]
        for path in examples:
            path.write_text(path.read_text().replace(pseudonym, NOBODY))
            client.log_model_artifact(model.model_id, str(path))
        for name in (CLIENTS, PAID) if is_cut else ():
            client.log_model_artifacts(model.model_id, str(_alone(files, arrays / name)), artifact_path=f"artifacts/{FILES}")
        return is_cut or bool(examples)


def _alone(files: Path, path: Path) -> Path:
    """A folder that holds a file and nothing else."""
    folder = files / f"{path.name}.alone"
    folder.mkdir()
    return path.rename(folder / path.name).parent
