"""A client of the dialect `commands` with the parser Json."""
import json

from raw_websocket import RawWebSocket


class CommandClient(RawWebSocket):
    def say(self, cmd, data=None, **more):
        self.send_text(json.dumps({"cmd": cmd, "data": data, **more}))

    def hear(self):
        """The next message."""
        return json.loads(self.text())

    def ask(self, cmd, data=None, **more):
        """The next message after saying this."""
        self.say(cmd, data, **more)
        return self.hear()

    def data(self, cmd, data=None, **more):
        """The data of the answer, which must carry the same command."""
        answer = self.ask(cmd, data, **more)
        assert answer["cmd"] == cmd, answer
        return answer["data"]

    def problem(self, cmd, data=None, **more):
        """The code of the error that comes in place of an answer."""
        answer = self.ask(cmd, data, **more)
        assert answer["cmd"] == "error", answer
        return answer["data"]["code"]
