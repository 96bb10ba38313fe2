"""Tests of nginx-deny: python3 -m unittest. The last one with a real nginx, where there is one."""

import sys

sys.dont_write_bytecode = True

import os
import random
import shutil
import socket
import subprocess
import tempfile
import time
import unittest
import urllib.error
import urllib.request

from nginx_deny import MARK, READ, UNREAD, NginxDeny
from sekisho_plugin import Refusal, State

OURS = {"file": MARK, "nginx": READ}


class NginxDenyTests(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.file = os.path.join(self.folder, "deny.conf")
        self.plugin = self.make(reload=["true"])

    def make(self, **settings):
        return NginxDeny({"file": self.file, **settings}, {}, "inbound")

    def lead(self, goal, plugin=None):
        plugin = plugin or self.plugin
        for operation in plugin.operations(plugin.state(None), goal):
            plugin.perform(operation.message)

    @staticmethod
    def goal(blocks=(), allowed=()):
        return State(OURS, allowed, dict.fromkeys(blocks))

    def text(self):
        with open(self.file) as file:
            return file.read()

    def test_the_rules_stand_in_the_order_in_which_nginx_must_meet_them(self):
        self.lead(self.goal(["198.51.100.0/24", "192.0.2.1", "2001:db8::1"], ["198.51.100.64/30"]))
        self.assertEqual(
            self.text(),
            f"{MARK}\nallow 198.51.100.64/30;\ndeny 192.0.2.1;\ndeny 198.51.100.0/24;\ndeny 2001:db8::1;\n",
        )
        self.assertEqual(oct(os.stat(self.file).st_mode & 0o777), "0o644")

    def test_a_plan_shows_the_rules_and_the_commands(self):
        plugin = self.make(check=["nginx", "-t"], reload=["systemctl", "reload", "nginx"])
        current = self.goal(["192.0.2.1"], ["192.0.2.64/30"])
        operations = plugin.operations(current, self.goal(["192.0.2.10", "192.0.2.9"]))
        self.assertEqual(
            [each.message for each in operations],
            [
                f"file {self.file}\nedit\n- allow 192.0.2.64/30;\n- deny 192.0.2.1;\n+ deny 192.0.2.9;\n"
                "+ deny 192.0.2.10;\nrun nginx -t\nrun systemctl reload nginx"
            ],
        )
        self.assertEqual(plugin.operations(current, current), [])
        self.assertEqual(plugin.operations(State(), State()), [])

    def test_whatever_the_way_the_goal_is_read_back(self):
        pool = ["192.0.2.1", "192.0.2.0/24", "198.51.100.7", "203.0.113.0/25", "2001:db8::/32", "2001:db8::1"]
        chance = random.Random(7)
        for _ in range(200):
            goal = State()
            if chance.random() < 0.8:
                goal = self.goal(
                    chance.sample(pool, chance.randrange(len(pool))), chance.sample(pool, chance.randrange(3))
                )
            self.lead(goal)
            self.assertEqual(self.plugin.state(None), goal)
        self.lead(State())
        self.assertEqual(os.listdir(self.folder), [])

    def test_what_nginx_has_not_read_is_not_in_force(self):
        self.lead(self.goal(["192.0.2.1"]))
        broken = self.make(reload=["false"])
        with self.assertRaises(Refusal):
            self.lead(self.goal(["192.0.2.2"]), broken)
        self.assertEqual(self.plugin.state(None).scaffold, {"file": MARK, "nginx": UNREAD})
        self.lead(self.goal(["192.0.2.1"]))
        self.assertEqual(self.plugin.state(None), self.goal(["192.0.2.1"]))
        with self.assertRaises(Refusal):
            self.lead(State(), broken)
        self.assertEqual(self.plugin.state(None), State({"nginx": UNREAD}))
        self.lead(State())
        self.assertEqual(self.plugin.state(None), State())

    def test_what_the_check_refuses_is_taken_back(self):
        self.lead(self.goal(["192.0.2.1"]))
        with self.assertRaises(Refusal) as caught:
            strict = self.make(check=["sh", "-c", "echo no; exit 3"], reload=["true"])
            self.lead(self.goal(["192.0.2.2"]), strict)
        self.assertEqual((caught.exception.code, caught.exception.detail), ("rejected", "no"))
        self.assertEqual(self.plugin.state(None), self.goal(["192.0.2.1"]))

    def test_files_of_others_and_edits_are_left_alone(self):
        for text, code in [
            ("deny all;\n", "foreign"),
            ("", "foreign"),
            (f"{MARK}\ndeny all;\n", "unreadable"),
            (f"{MARK}\ndeny 192.0.2.1;", "unreadable"),
            (f"{MARK}\ndeny 192.0.2.1/24;\n", "unreadable"),
            (f"{MARK}\ndeny 192.0.2.2;\ndeny 192.0.2.1;\n", "unreadable"),
            (f"{MARK}\ndeny 192.0.2.1;\ndeny 192.0.2.1;\n", "unreadable"),
            (f"{MARK}\n# mine\n", "unreadable"),
        ]:
            with open(self.file, "w") as file:
                file.write(text)
            for act in (
                lambda: self.plugin.state(None),
                lambda: self.plugin.perform(f"file {self.file}\nremove\nrun true"),
                lambda: self.plugin.perform(f"file {self.file}\nreplace\n+ deny 192.0.2.9;\nrun true"),
            ):
                with self.assertRaises(Refusal) as caught:
                    act()
                self.assertEqual(caught.exception.code, code, text)
            self.assertEqual(self.text(), text)

    def test_operations_that_do_not_fit_change_nothing(self):
        self.lead(self.goal(["192.0.2.1"]))
        before = self.text()
        for lines in [
            ["edit", "- deny 192.0.2.7;"],
            ["edit", "+ deny 192.0.2.1;"],
            ["edit", "+ deny 192.0.2.7; include /etc/shadow;"],
            ["replace", "+ deny all;"],
            ["replace", "- deny 192.0.2.1;"],
            ["erase"],
        ]:
            with self.assertRaises(Refusal, msg=lines):
                self.plugin.perform("\n".join([f"file {self.file}"] + lines + ["run true"]))
        for message in [
            "",
            "nonsense",
            f"file {self.file}\nremove\nrun reboot",
            "file /etc/passwd\nremove\nrun true",
        ]:
            with self.assertRaises(Refusal, msg=message):
                self.plugin.perform(message)
        self.assertEqual(self.text(), before)

    def test_settings_that_cannot_work_are_refused(self):
        for settings in [
            {},
            {"file": "relative", "reload": ["true"]},
            {"file": "/tmp/x"},
            {"file": "/tmp/x", "reload": "nginx -s reload"},
            {"file": "/tmp/x", "reload": []},
            {"file": "/tmp/x", "reload": ["true"], "relaod": ["true"]},
        ]:
            with self.assertRaises(Refusal, msg=settings):
                NginxDeny(settings, {}, "both")


NGINX = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin")


@unittest.skipUnless(NGINX, "nginx is not installed")
class RealNginxTests(unittest.TestCase):
    """Who is asking is told to nginx in a field of the request, as a proxy in front of it would."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        configuration = os.path.join(self.folder, "nginx.conf")
        with open(configuration, "w") as file:
            file.write(
                f"""
                pid {self.folder}/nginx.pid; error_log {self.folder}/error.log; daemon off;
                events {{}}
                http {{
                  access_log off; client_body_temp_path {self.folder}/a; proxy_temp_path {self.folder}/b;
                  fastcgi_temp_path {self.folder}/c; uwsgi_temp_path {self.folder}/d;
                  scgi_temp_path {self.folder}/e;
                  set_real_ip_from 127.0.0.1; real_ip_header X-From;
                  include {self.folder}/deny/*.conf;
                  server {{ listen 127.0.0.1:{self.port}; location / {{ root {self.folder}/www; }} }}
                }}
                """
            )
        for name in ("deny", "www"):
            os.mkdir(os.path.join(self.folder, name))
        with open(os.path.join(self.folder, "www", "index.html"), "w") as file:
            file.write("welcome")
        subprocess.run(["chmod", "-R", "a+rX", self.folder], check=True)
        command = [NGINX, "-p", self.folder, "-e", self.folder + "/error.log", "-c", configuration]
        self.server = subprocess.Popen(command)
        self.addCleanup(self.server.wait)
        self.addCleanup(self.server.terminate)
        self.plugin = NginxDeny(
            {
                "file": f"{self.folder}/deny/sekisho.conf",
                "check": command + ["-t"],
                "reload": command + ["-s", "reload"],
            },
            {},
            "inbound",
        )
        self.wait_for("192.0.2.1", 200)

    def answer(self, source):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/", headers={"X-From": source})
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code
        except OSError as error:
            return str(error)

    def wait_for(self, source, status):
        end = time.monotonic() + 20
        while self.answer(source) != status:
            self.assertLess(time.monotonic(), end, f"{source}: {self.answer(source)} instead of {status}")
            time.sleep(0.02)

    def test_what_is_blocked_is_refused_and_what_is_not_is_answered(self):
        self.lead(State(OURS, ["192.0.2.64/30"], {"192.0.2.0/24": None, "2001:db8::/32": None}))
        for source, status in [
            ("192.0.2.1", 403),
            ("2001:db8::7", 403),
            ("192.0.2.65", 200),
            ("198.51.100.1", 200),
        ]:
            self.wait_for(source, status)
        self.lead(State())
        for source in ["192.0.2.1", "2001:db8::7"]:
            self.wait_for(source, 200)

    def lead(self, goal):
        for operation in self.plugin.operations(self.plugin.state(None), goal):
            self.plugin.perform(operation.message)
        self.assertEqual(self.plugin.state(None), goal)


if __name__ == "__main__":
    unittest.main()
