"""Speaks protocol 1 of Sekisho's plugins: lines of JSON over standard input and output.

A plugin is a class with the methods of Plugin below, and `run(YourPlugin)` at the end of its file.
What it means is told in Docs/Plugin-protocol.md. Nothing in this file needs to be changed.
"""

import json
import os
import sys

PROTOCOL = 1


class Refusal(Exception):
    """What you tell Sekisho when something cannot be read, computed or done.

    code    one of unavailable, unauthorized, rejected, foreign, conflict, busy, capacity, timedOut,
            unreadable, unsupported
    en, ja  what happened, where, and what to do; ja is en where you know no Japanese
    detail  the device's own words
    """

    def __init__(self, code, en, ja=None, detail=""):
        super().__init__(en)
        self.code, self.en, self.ja, self.detail = code, en, ja or en, detail


class State:
    """What is ours on the device.

    scaffold  dict: part to content; empty when nothing of ours is there
    allowed   set of prefixes, as text, that pass whatever is blocked
    blocks    dict: target, as text, to the seconds that its timer has left; None without a timer
    """

    def __init__(self, scaffold=None, allowed=(), blocks=None):
        self.scaffold = dict(scaffold or {})
        self.allowed = set(allowed)
        self.blocks = dict(blocks or {})

    def __repr__(self):
        return f"State({self.scaffold}, {sorted(self.allowed)}, {self.blocks})"

    def __eq__(self, other):
        return vars(self) == vars(other)


class Operation:
    """One step of a plan.

    message  the literal step in a form of your own: shown to people, kept, and given to perform
    en, ja   what it does
    """

    def __init__(self, message, en, ja=None):
        self.message, self.en, self.ja = message, en, ja or en


class Plugin:
    """What a plugin does. Sekisho asks one thing at a time."""

    def __init__(self, settings, secrets, direction):
        """settings and secrets as the configuration has them. Raise Refusal("unsupported", ...) for
        settings that cannot work. direction is inbound, outbound or both."""

    def scaffold(self):
        """The parts that must exist before blocks can work, as the settings ask for. Never empty."""
        raise NotImplementedError

    def state(self, targets):
        """Reads the device. targets is None for everything, or the set of targets that are asked about:
        others may be left out of the answer's blocks. Never guess: raise Refusal("unreadable", ...)."""
        raise NotImplementedError

    def operations(self, current, goal):
        """The operations that lead from one State to another. Pure: no clock, no device, the same for the
        same; an empty list where nothing differs. current may hold only some of the blocks, so write
        differences. An empty goal.scaffold means: remove everything of ours."""
        raise NotImplementedError

    def perform(self, message):
        """Does one operation exactly as written. Return only when the device said that it took effect."""
        raise NotImplementedError

    def validate(self, messages):
        """Lets the device check operations; needed only where the manifest says "validation": "device"."""
        raise Refusal("unsupported", "This plugin does not check plans.", "このプラグインは事前検証に対応していません。")


def manifest(folder):
    """What plugin.json declares."""
    with open(os.path.join(folder, "plugin.json"), encoding="utf-8") as file:
        return json.load(file)["manifest"]


def _state(told):
    return State(told["scaffold"], told["allowed"], told["blocks"])


def _answer(kind, folder, plugin, request):
    """The answer to one request, and the plugin, which the greeting makes."""
    word = request["request"]
    if word == "hello":
        if request["protocol"] != PROTOCOL:
            raise Refusal("unsupported", f"This plugin speaks protocol {PROTOCOL}.")
        plugin = kind(request["settings"], request["secrets"], request["direction"])
        return plugin, {"protocol": PROTOCOL, "manifest": manifest(folder), "scaffold": plugin.scaffold()}
    if plugin is None:
        raise Refusal("unsupported", "The greeting comes first.")
    if word == "state":
        targets = request.get("targets")
        state = plugin.state(None if targets is None else set(targets))
        return plugin, {
            "scaffold": state.scaffold,
            "allowed": sorted(state.allowed),
            "blocks": state.blocks,
        }
    if word == "operations":
        operations = plugin.operations(_state(request["from"]), _state(request["to"]))
        return plugin, {
            "operations": [
                {"summary": {"en": each.en, "ja": each.ja}, "message": each.message} for each in operations
            ]
        }
    if word == "perform":
        plugin.perform(request["message"])
        return plugin, {}
    if word == "validate":
        plugin.validate(request["messages"])
        return plugin, {}
    raise Refusal("unsupported", f"The request {word} is not known.")


def converse(kind, folder, requests, answers):
    """Answers requests, a line each, until there are no more.

    An exception that is no Refusal is not caught: the process ends, its last words go to the log, and
    Sekisho reads the device before it does anything else.
    """
    plugin = None
    for line in requests:
        request = json.loads(line)
        try:
            plugin, content = _answer(kind, folder, plugin, request)
            answer = {"id": request["id"], "answer": content}
        except Refusal as refusal:
            answer = {
                "id": request["id"],
                "error": {
                    "code": refusal.code,
                    "message": {"en": refusal.en, "ja": refusal.ja},
                    "detail": refusal.detail,
                },
            }
        answers.write(json.dumps(answer, ensure_ascii=False) + "\n")
        answers.flush()


def run(kind):
    """Answers Sekisho until it closes our standard input."""
    requests = open(os.dup(0), encoding="utf-8", newline="\n")
    answers = open(os.dup(1), "w", encoding="utf-8", newline="\n")
    # What print() and programs that we start write must not get between the answers, and what they read
    # must not be a request.
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    converse(kind, os.path.dirname(os.path.abspath(sys.argv[0])), requests, answers)
