# SPDX-License-Identifier: Apache-2.0
"""A token in software with a folder of its own: real PKCS#11, started by the tests and gone with them."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
LABEL, PIN, CONFIG = "keshou-test", "2013-0901", "SOFTHSM2_CONF"
_SO_PIN = "2013-0716"
_LIBRARIES = ("/usr/lib/softhsm/libsofthsm2.so", "/usr/local/lib/softhsm/libsofthsm2.so")


class SoftToken(NamedTuple):
    """A fresh token. A process that loads the library keeps to the first folder it was told of."""

    library: Path
    tokens: Path


def make_token(folder: Path) -> SoftToken:
    """Make a token in `folder`, and tell this process of it."""
    found = _library()
    if found is None:
        subprocess.run([ROOT / "scripts" / "install-softhsm"], check=True)
        found = _library()
    if found is None:
        raise RuntimeError("SoftHSM was installed but its library is not found")
    tokens, config = folder / "tokens", folder / "softhsm2.conf"
    tokens.mkdir(mode=0o700)
    config.write_text(f"directories.tokendir = {tokens}\nobjectstore.backend = file\nlog.level = ERROR\n", "utf-8")
    os.environ[CONFIG] = str(config)
    words = ("--init-token", "--free", "--label", LABEL, "--so-pin", _SO_PIN, "--pin", PIN)
    subprocess.run(["softhsm2-util", *words], check=True, capture_output=True)
    return SoftToken(found, tokens)


def _library() -> Path | None:
    if shutil.which("softhsm2-util") is None:
        return None
    candidates = [Path(each) for each in _LIBRARIES] + sorted(Path("/usr/lib").glob("*/softhsm/libsofthsm2.so"))
    return next((each for each in candidates if each.exists()), None)
