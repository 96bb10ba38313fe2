#!/usr/bin/env python3
"""A device with timers in a file, driven by a plugin that can be told to misbehave.

settings: file; misdeed and when (a request's word): what to do then; once: a file that remembers it was
done; report: a file that takes what the process sees of its surroundings.
"""

import sys

sys.dont_write_bytecode = True

import json
import os
import signal
import subprocess
import time

from sekisho_plugin import Operation, Plugin, Refusal, State, converse

REQUESTS, ANSWERS = os.dup(0), os.dup(1)
HERE = os.path.dirname(os.path.abspath(__file__))


class Device(Plugin):
    misdeed = when = once = None

    def __init__(self, settings, secrets, direction):
        if "refuse" in settings:
            raise Refusal("unsupported", "These settings cannot work.", "この設定は使えません。", settings["refuse"])
        self.path, self.secrets = settings.get("file", "/nonexistent"), secrets
        kind = type(self)
        kind.misdeed, kind.when, kind.once = (settings.get(each) for each in ("misdeed", "when", "once"))
        if "report" in settings:
            with open(settings["report"], "w") as file:
                json.dump(
                    {
                        "descriptors": sorted(
                            os.path.realpath(f"/proc/self/fd/{each}").split(":")[0]
                            for each in os.listdir("/proc/self/fd")
                        ),
                        "environment": dict(os.environ),
                        "leads": os.getpgid(0) == os.getpid(),
                        "folder": os.getcwd(),
                        "arguments": sys.argv[1:],
                        "settings": settings,
                        "direction": direction,
                        "secrets": {key: len(value) for key, value in secrets.items()},
                    },
                    file,
                )

    def scaffold(self):
        return {"table": "sekisho", "chain": "input"}

    def load(self):
        try:
            with open(self.path) as file:
                table = json.load(file)
        except FileNotFoundError:
            return None
        table["blocks"] = {key: end for key, end in table["blocks"].items() if end > time.time()}
        return table

    def save(self, table):
        if table is None:
            os.unlink(self.path)
            return
        with open(self.path + ".new", "w") as file:
            json.dump(table, file)
        os.replace(self.path + ".new", self.path)

    def state(self, targets):
        table = self.load()
        if table is None:
            return State()
        blocks = {key: round(end - time.time()) for key, end in table["blocks"].items()}
        return State(table["scaffold"], table["allowed"], blocks)

    def operations(self, current, goal):
        if self.misdeed == "tell-secret":
            return [Operation("token " + self.secrets["token"], "telling")]
        if not goal.scaffold:
            return [Operation("destroy", "Destroy the table")] if current.scaffold else []
        gone = [f"- allow {each}" for each in sorted(current.allowed - goal.allowed)]
        gone += [f"- block {each}" for each in sorted(set(current.blocks) - set(goal.blocks))]
        come = [f"+ allow {each}" for each in sorted(goal.allowed - current.allowed)]
        for each in sorted(goal.blocks):
            if each not in current.blocks or current.blocks[each] != goal.blocks[each]:
                seconds = goal.blocks[each]
                come.append(f"+ block {each} {2592000 if seconds is None else seconds}")
        if current.scaffold != goal.scaffold:
            gone = ["create " + json.dumps(goal.scaffold, sort_keys=True)]
            come = [f"+ allow {each}" for each in sorted(goal.allowed)]
            come += [f"+ block {each} {goal.blocks[each] or 2592000}" for each in sorted(goal.blocks)]
        return [Operation("\n".join(part), f"{len(part)} lines") for part in (gone, come) if part]

    def applied(self, message, table):
        for line in message.split("\n"):
            words = line.split(" ")
            if words[0] == "create":
                table = {"scaffold": json.loads(line[7:]), "allowed": [], "blocks": {}}
            elif table is None:
                raise Refusal("conflict", "There is no table.", detail=line)
            elif line == "destroy":
                table = None
            elif words[:2] == ["+", "block"]:
                if words[2] not in table["blocks"] and len(table["blocks"]) >= 64:
                    raise Refusal("capacity", "The table is full.")
                table["blocks"][words[2]] = time.time() + int(words[3])
            elif words[:2] == ["-", "block"]:
                table["blocks"].pop(words[2], None)
            elif words[:2] == ["+", "allow"]:
                table["allowed"] = sorted(set(table["allowed"]) | {words[2]})
            elif words[:2] == ["-", "allow"]:
                table["allowed"] = sorted(set(table["allowed"]) - {words[2]})
            else:
                raise Refusal("rejected", "A line cannot be understood.", detail=line)
        return table

    def perform(self, message):
        self.save(self.applied(message, self.load()))

    def validate(self, messages):
        table = self.load()
        for message in messages:
            table = self.applied(message, table)


def is_time(word):
    if Device.misdeed is None or word != Device.when:
        return False
    if Device.once:
        try:
            os.close(os.open(Device.once, os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            return False
    return True


def send(text):
    content = text.encode() if isinstance(text, str) else text
    while content:
        content = content[os.write(ANSWERS, content) :]


class Requests:
    word = None

    def __iter__(self):
        with open(REQUESTS, encoding="utf-8") as lines:
            for line in lines:
                Requests.word = json.loads(line)["request"]
                if is_time(Requests.word):
                    before(Device.misdeed)
                yield line


class Answers:
    """Where misdeeds of the answer happen."""

    def write(self, text):
        misdeed = Device.misdeed
        if misdeed is None or not (misdeed in AFTER or is_content(misdeed)) or not is_time(Requests.word):
            return send(text)
        answer = json.loads(text)
        if Device.misdeed == "die-after":
            os.kill(os.getpid(), signal.SIGKILL)
        if Device.misdeed == "twice":
            return send(text + text)
        if Device.misdeed == "foreign":
            answer["id"] += 1000
        if Device.misdeed == "surplus":
            answer["answer"]["colour"] = "red"
        if Device.misdeed == "cut":
            send(text[: len(text) // 2])
            sys.exit(4)
        if Device.misdeed == "unterminated":
            send(text.rstrip("\n"))
            time.sleep(3600)
        if Device.misdeed == "drip":
            for letter in text:
                send(letter)
                time.sleep(0.05)
        if is_content(Device.misdeed):
            answer["answer"] = json.loads(Device.misdeed)
        send(json.dumps(answer) + "\n")

    def flush(self):
        pass


def is_content(misdeed):
    """Whether it is JSON to be answered with."""
    return misdeed[0] in "{[" or misdeed in ("null", "7")


AFTER = {"die-after", "twice", "foreign", "surplus", "cut", "unterminated", "drip"}


def before(misdeed):
    if misdeed in AFTER or is_content(misdeed):
        # Its time is yet to come.
        os.unlink(Device.once)
    elif misdeed == "hang":
        time.sleep(3600)
    elif misdeed == "flood":
        while True:
            send(b"x" * 65536)
    elif misdeed == "flood-lines":
        while True:
            send(b"{}\n" * 20000)
    elif misdeed == "garbage":
        send(b"\xff\x00\xc3( [\n")
        time.sleep(3600)
    elif misdeed == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    elif misdeed == "raise":
        raise ValueError("the device has gone")
    elif misdeed == "mute":
        os.close(ANSWERS)
        os.close(1)
        time.sleep(3600)
    elif misdeed in ("child", "escaped-child"):
        child = subprocess.Popen(
            ["sleep", "3600"], stdout=ANSWERS, start_new_session=misdeed == "escaped-child"
        )
        with open(Device.once + ".child", "w") as file:
            file.write(str(child.pid))
        if misdeed == "child":
            time.sleep(3600)
        os.kill(os.getpid(), signal.SIGKILL)
    elif misdeed == "chatter":
        for number in range(2000):
            print(f"{number} " + "y" * 5000, file=sys.stderr)


if __name__ == "__main__":
    converse(Device, HERE, Requests(), Answers())
    if Device.misdeed == "deaf":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        time.sleep(3600)
    print("goodbye", file=sys.stderr)
