#!/usr/bin/env python3
"""NAME: a plugin for Sekisho. It keeps a text file, a line for each block, as a start for your own.

Replace what reads and writes the file by what reads and writes your firewall.
"""

import sys

sys.dont_write_bytecode = True

import ipaddress
import os
import tempfile

from sekisho_plugin import Operation, Plugin, Refusal, State, run

MARK = "# kept by sekisho"


def text_order(entry):
    """Addresses by number, so that the same states give the same bytes."""
    verb, target = entry.split(" ")
    prefix = ipaddress.ip_network(target)
    return (verb, prefix.version, int(prefix.network_address), prefix.prefixlen)


def entries(state):
    """A state as lines: `allow PREFIX` and `block TARGET`."""
    return {f"allow {each}" for each in state.allowed} | {f"block {each}" for each in state.blocks}


class ListFile(Plugin):
    def __init__(self, settings, secrets, direction):
        unknown = set(settings) - {"file"}
        if unknown:
            raise Refusal(
                "unsupported",
                f"The setting {sorted(unknown)[0]} is not known. Known: file.",
                f"設定 {sorted(unknown)[0]} はありません。使える設定: file",
            )
        self.path = settings.get("file")
        if not isinstance(self.path, str) or not self.path:
            raise Refusal(
                "unsupported",
                "The setting file is needed: the file that this plugin keeps.",
                "設定 file が必要です。このプラグインが書き込むファイルを指定してください。",
            )

    def scaffold(self):
        return {"file": MARK}

    def lines(self):
        """The entries of the file; None where there is no file."""
        try:
            with open(self.path, encoding="utf-8") as file:
                lines = file.read().split("\n")
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise Refusal(
                "unavailable", f"{self.path} cannot be read.", f"{self.path} を読み取れません。", str(error)
            )
        # With our name and without our mark it is somebody else's.
        if lines[0] != MARK or lines[-1] != "":
            raise Refusal(
                "foreign",
                f"{self.path} does not carry the mark of this plugin. Name another file.",
                f"{self.path} に本プラグインの印がありません。別のファイルを指定してください。",
            )
        return lines[1:-1]

    def write(self, lines):
        """All of it or nothing: the new file takes the place of the old one in one step."""
        try:
            if lines is None:
                os.unlink(self.path)
                return
            folder = os.path.dirname(os.path.abspath(self.path))
            descriptor, temporary = tempfile.mkstemp(dir=folder, prefix=".sekisho-")
            with open(descriptor, "w", encoding="utf-8") as file:
                os.fchmod(descriptor, 0o644)
                file.write("\n".join([MARK] + lines) + "\n")
                file.flush()
                os.fsync(descriptor)
            os.replace(temporary, self.path)
        except OSError as error:
            raise Refusal(
                "unavailable", f"{self.path} cannot be written.", f"{self.path} に書き込めません。", str(error)
            )

    def state(self, targets):
        lines = self.lines()
        if lines is None:
            return State()
        state = State(self.scaffold())
        for line in lines:
            verb, _, target = line.partition(" ")
            try:
                ipaddress.ip_network(target)
            except ValueError:
                verb = None
            if verb == "allow":
                state.allowed.add(target)
            elif verb == "block":
                state.blocks[target] = None
            else:
                raise Refusal(
                    "unreadable",
                    f"A line of {self.path} cannot be understood. Take it out.",
                    f"{self.path} に解釈できない行があります。削除してください。",
                    line,
                )
        return state

    def operations(self, current, goal):
        if not goal.scaffold:
            if not current.scaffold:
                return []
            return [Operation("remove file", f"Remove {self.path}", f"{self.path} を削除")]
        old, new = entries(current), entries(goal)
        # What comes may overlap what goes.
        orders = [f"- {each}" for each in sorted(old - new, key=text_order)]
        orders += [f"+ {each}" for each in sorted(new - old, key=text_order)]
        if not current.scaffold:
            orders.insert(0, "create file")
        if not orders:
            return []
        count = len(orders)
        return [
            Operation(
                "\n".join(orders), f"Change {count} lines of {self.path}", f"{self.path} を {count} 行変更"
            )
        ]

    def perform(self, message):
        lines = self.lines()
        # A dictionary, because it keeps the order and finds a line among many at once.
        kept = None if lines is None else dict.fromkeys(lines)
        for order in message.split("\n"):
            if order == "create file" and kept is None:
                kept = {}
            elif order == "remove file" and kept is not None:
                kept = None
            elif order.startswith("+ ") and kept is not None and order[2:] not in kept:
                kept[order[2:]] = None
            elif order.startswith("- ") and kept is not None and order[2:] in kept:
                del kept[order[2:]]
            else:
                raise Refusal(
                    "conflict",
                    f"{self.path} is not as the plan assumed. Nothing was changed.",
                    f"{self.path} が計画の前提と異なります。何も変更していません。",
                    order,
                )
        self.write(None if kept is None else list(kept))


if __name__ == "__main__":
    run(ListFile)
