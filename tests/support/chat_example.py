"""The chat of examples/chat in a folder of its own, with the worker of this build, and clients that talk to it."""
import os
import pathlib
import shutil

from raw_websocket import RawWebSocket
from weft_process import ROOT, binary

EXAMPLE = ROOT / "examples/chat"


def built(program):
    """A program of the build under test: $WEFT_BUILD, else the one that the weft binary lies in."""
    build = os.environ.get("WEFT_BUILD")
    for folder in [pathlib.Path(build)] if build else binary().parents:
        if (folder / program).exists():
            return folder / program
    raise FileNotFoundError(f"no {program}: build it, or set WEFT_BUILD")


def copy_chat(folder):
    """Puts the example's files into `folder`; gives its configuration."""
    for name in ("lua", "web"):
        shutil.copytree(EXAMPLE / name, folder / name, dirs_exist_ok=True)
    return (EXAMPLE / "weft.yaml").read_text()


def environment():
    return {"CHAT_WORKER": str(built("examples/chat/chat_worker"))}


class Person(RawWebSocket):
    """A client of the chat that waits for the texts it expects, in their order."""

    def __init__(self, port, path="/chat", name=None, password="123456"):
        super().__init__(port, path, timeout=60)
        if name:
            self.says(f'{{"op":"auth","args":["{name}","{password}"]}}', '{"op":"auth","success":true}')

    def hears(self, *texts):
        for text in texts:
            heard = self.text()
            assert heard == text, f"heard {heard!r} instead of {text!r}"

    def says(self, message, *answers):
        self.send_text(message)
        self.hears(*answers)
