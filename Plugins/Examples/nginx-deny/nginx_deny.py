#!/usr/bin/env python3
"""nginx-deny: keeps a file of allow and deny rules that nginx includes, and makes nginx read it.

The file is ours alone and carries our mark. Beside it stands the hash of what nginx was last told to read,
so that a change that was written and never read is seen.
"""

import sys

sys.dont_write_bytecode = True

import hashlib
import ipaddress
import os
import subprocess
import tempfile

from sekisho_plugin import Operation, Plugin, Refusal, State, run

MARK = "# kept by sekisho (nginx-deny 1); edits are refused"
READ = "has read the file"
UNREAD = "has not read the file"
# The host gives an answer 10 s unless told otherwise.
COMMAND_SECONDS = 8


def order(target):
    """Addresses by number, so that the same states give the same bytes."""
    prefix = ipaddress.ip_network(target)
    return (prefix.version, int(prefix.network_address), prefix.prefixlen)


def rules(allowed, blocks):
    """The lines below the mark. nginx takes the first rule that fits, so what is allowed comes first."""
    return [f"allow {each};" for each in sorted(allowed, key=order)] + [
        f"deny {each};" for each in sorted(blocks, key=order)
    ]


def read_rules(text, path):
    """The allowed and the blocked of a file's text; Refusal where it is not ours or not as we write it."""
    lines = text.split("\n")
    if lines[0] != MARK:
        raise Refusal(
            "foreign",
            f"{path} does not carry the mark of this plugin. Name another file.",
            f"{path} に本プラグインの印がありません。別のファイルを指定してください。",
        )
    allowed, blocks = set(), set()
    for line in lines[1:-1]:
        word, _, rest = line.partition(" ")
        target = rest[:-1]
        try:
            known = str(ipaddress.ip_network(target)) in (target, target + "/32", target + "/128")
        except ValueError:
            known = False
        if not known or not rest.endswith(";") or word not in ("allow", "deny"):
            raise unreadable(path, line)
        (allowed if word == "allow" else blocks).add(target)
    if lines[1:] != rules(allowed, blocks) + [""]:
        raise unreadable(path, "order or repetition")
    return allowed, blocks


def unreadable(path, line):
    return Refusal(
        "unreadable",
        f"{path} was edited. Take out what is not a rule of this plugin.",
        f"{path} が編集されています。本プラグインの規則以外の行を削除してください。",
        line[:200],
    )


class NginxDeny(Plugin):
    SETTINGS = ("check", "file", "reload")

    def __init__(self, settings, secrets, direction):
        for key in settings:
            if key not in self.SETTINGS:
                known = ", ".join(self.SETTINGS)
                raise Refusal(
                    "unsupported",
                    f"The setting {key} is not known. Known: {known}.",
                    f"設定 {key} はありません。使える設定: {known}",
                )
        self.file = settings.get("file")
        if not isinstance(self.file, str) or not os.path.isabs(self.file) or "\n" in self.file:
            raise Refusal(
                "unsupported",
                "The setting file is needed: the absolute path of a file that nginx includes.",
                "設定 file が必要です。nginx が include するファイルの絶対パスを指定してください。",
            )
        self.check = self.command(settings, "check", needed=False)
        self.reload = self.command(settings, "reload", needed=True)
        self.stamp = self.file + ".loaded"

    @staticmethod
    def command(settings, key, needed):
        words = settings.get(key)
        if words is None and not needed:
            return []
        if not isinstance(words, list) or not words or not all(isinstance(each, str) for each in words):
            raise Refusal(
                "unsupported",
                f"The setting {key} is a command, word by word, such as [nginx, -s, reload].",
                f"設定 {key} にはコマンドを [nginx, -s, reload] のように 1 語ずつ指定してください。",
            )
        return words

    # What is there

    def scaffold(self):
        return {"file": MARK, "nginx": READ}

    def bytes(self, path):
        """The content of a file; None where there is none."""
        try:
            with open(path, "rb") as file:
                return file.read()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self.failure("read", "読み取れません", path, error)

    def state(self, targets):
        content, stamp = self.bytes(self.file), self.bytes(self.stamp)
        if content is None:
            # Removed, and nginx may still go by it.
            return State() if stamp is None else State({"nginx": UNREAD})
        try:
            allowed, blocks = read_rules(content.decode("ascii"), self.file)
        except UnicodeDecodeError as error:
            raise unreadable(self.file, str(error))
        scaffold = {"file": MARK, "nginx": READ if stamp == self.hash(content) else UNREAD}
        return State(scaffold, allowed, dict.fromkeys(blocks))

    @staticmethod
    def hash(content):
        return hashlib.sha256(content).hexdigest().encode() + b"\n"

    # From state to state

    def operations(self, current, goal):
        if not goal.scaffold:
            if not current.scaffold:
                return []
            return [self.operation(["remove"], "Remove the rules", "規則のファイルを削除")]
        if goal.scaffold != self.scaffold():
            raise Refusal(
                "unsupported",
                f"{self.file} was not in force, and is not put back into that condition.",
                f"{self.file} は有効ではありませんでした。その状態には戻しません。",
            )
        new = rules(goal.allowed, goal.blocks)
        if current.scaffold != goal.scaffold:
            return [
                self.operation(
                    ["replace"] + ["+ " + each for each in new],
                    f"Write the file anew with {len(new)} rules",
                    f"ファイルを {len(new)} 件の規則で書き直す",
                )
            ]
        old = rules(current.allowed, current.blocks)
        gone, come = set(old) - set(new), set(new) - set(old)
        if not gone and not come:
            return []
        lines = ["edit"] + ["- " + each for each in old if each in gone]
        lines += ["+ " + each for each in new if each in come]
        return [
            self.operation(
                lines,
                f"Add {len(come)} rules and take {len(gone)} out",
                f"規則を {len(come)} 件追加し、{len(gone)} 件削除",
            )
        ]

    def operation(self, lines, en, ja):
        return Operation("\n".join(["file " + self.file] + lines + self.commands()), en, ja)

    def commands(self):
        return ["run " + " ".join(each) for each in (self.check, self.reload) if each]

    # Doing

    def perform(self, message):
        lines = message.split("\n")
        commands = self.commands()
        if lines[:1] != ["file " + self.file] or lines[-len(commands) :] != commands or len(lines) < 3:
            raise Refusal(
                "unsupported",
                "This operation is not one of nginx-deny with these settings.",
                "この操作は、現在の設定の nginx-deny のものではありません。",
            )
        before = self.bytes(self.file)
        changes = lines[2 : -len(commands)]
        after = self.changed(before, lines[1], changes)
        self.write(self.file, after)
        try:
            if self.check:
                self.run_command(self.check, "rejected", "Nothing was changed.", "変更は行われていません。")
        except Refusal:
            self.write(self.file, before)
            raise
        self.run_command(
            self.reload,
            "rejected",
            "The file is written, and nginx has not read it.",
            "ファイルは書き込み済みですが、nginx には読み込まれていません。",
        )
        self.write(self.stamp, None if after is None else self.hash(after))

    def changed(self, before, verb, changes):
        """The new content of the file; None where there is to be none."""
        if verb == "remove" and not changes:
            if before is not None:
                read_rules(before.decode("ascii", "replace"), self.file)
            return None
        if verb == "replace" and all(each.startswith("+ ") for each in changes):
            if before is not None:
                read_rules(before.decode("ascii", "replace"), self.file)
            present = set()
        elif verb == "edit" and before is not None:
            present = set(rules(*read_rules(before.decode("ascii", "replace"), self.file)))
        else:
            raise self.conflict(verb)
        for change in changes:
            sign, rule = change[:2], change[2:]
            if sign == "- " and rule in present:
                present.remove(rule)
            elif sign == "+ " and rule not in present:
                present.add(rule)
            else:
                raise self.conflict(change)
        # Through the reader, so that nothing is written that would not be read.
        allowed, blocks = set(), set()
        for rule in present:
            found = read_rules(f"{MARK}\n{rule}\n", self.file)
            allowed |= found[0]
            blocks |= found[1]
        return ("\n".join([MARK] + rules(allowed, blocks)) + "\n").encode("ascii")

    def conflict(self, line):
        return Refusal(
            "conflict",
            f"{self.file} is not as the plan assumed. Nothing was changed.",
            f"{self.file} が計画の前提と異なります。何も変更していません。",
            line,
        )

    def write(self, path, content):
        """All of it or nothing: the new file takes the place of the old one in one step."""
        try:
            if content is None:
                if os.path.lexists(path):
                    os.unlink(path)
                return
            descriptor, temporary = tempfile.mkstemp(dir=os.path.dirname(path), prefix=".sekisho-")
            with open(descriptor, "wb") as file:
                os.fchmod(descriptor, 0o644)
                file.write(content)
                file.flush()
                os.fsync(descriptor)
            os.replace(temporary, path)
        except OSError as error:
            raise self.failure("written", "書き込めません", path, error)

    @staticmethod
    def failure(verb, ja, path, error):
        code = "unauthorized" if isinstance(error, PermissionError) else "unavailable"
        return Refusal(
            code,
            f"{path} cannot be {verb}. Look at its folder, its owner and the disk.",
            f"{path} を{ja}。フォルダー、所有者、ディスクを確認してください。",
            str(error),
        )

    @staticmethod
    def run_command(words, code, en, ja):
        text = " ".join(words)
        try:
            done = subprocess.run(
                words,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=COMMAND_SECONDS,
            )
        except subprocess.TimeoutExpired:
            raise Refusal(
                "timedOut",
                f"“{text}” had not ended after {COMMAND_SECONDS} s and was stopped. {en}",
                f"「{text}」が {COMMAND_SECONDS} 秒以内に終わらなかったため停止しました。{ja}",
            )
        except OSError as error:
            raise Refusal(
                "unavailable", f"“{text}” cannot be run. {en}", f"「{text}」を実行できません。{ja}", str(error)
            )
        if done.returncode != 0:
            words = done.stdout.decode("utf-8", "replace").strip()
            raise Refusal(
                code,
                f"“{text}” ended with {done.returncode}. {en}",
                f"「{text}」が {done.returncode} で終了しました。{ja}",
                words[-1500:],
            )


if __name__ == "__main__":
    run(NginxDeny)
