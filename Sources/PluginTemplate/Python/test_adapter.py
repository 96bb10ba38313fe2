"""Tests of the plugin without Sekisho: python3 -m unittest. With it: sekisho adapter check."""

import sys

sys.dont_write_bytecode = True

import io
import json
import os
import tempfile
import unittest
from pathlib import Path

from adapter import MARK, ListFile
from sekisho_plugin import Refusal, State, converse

HERE = os.path.dirname(os.path.abspath(__file__))


class ListFileTests(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, "blocked.txt")
        self.plugin = ListFile({"file": self.path}, {}, "both")

    def lead(self, goal):
        for operation in self.plugin.operations(self.plugin.state(None), goal):
            self.plugin.perform(operation.message)

    def goal(self, blocks=(), allowed=()):
        return State(self.plugin.scaffold(), allowed, dict.fromkeys(blocks))

    def test_what_is_asked_for_is_read_back(self):
        for goal in [
            self.goal(["192.0.2.1", "2001:db8::/32"], ["192.0.2.64/30"]),
            self.goal(["192.0.2.9"]),
            State(),
        ]:
            self.lead(goal)
            self.assertEqual(self.plugin.state(None), goal)
        self.assertFalse(os.path.exists(self.path))

    def test_equal_states_need_no_operation(self):
        for state in [State(), self.goal(), self.goal(["192.0.2.1"], ["198.51.100.0/24"])]:
            self.assertEqual(self.plugin.operations(state, state), [])

    def test_an_operation_that_does_not_fit_changes_nothing(self):
        self.lead(self.goal(["192.0.2.1"]))
        before = Path(self.path).read_text()
        with self.assertRaises(Refusal):
            self.plugin.perform("+ block 192.0.2.2\n- block 192.0.2.3")
        self.assertEqual(Path(self.path).read_text(), before)

    def test_the_file_of_somebody_else_is_left_alone(self):
        with open(self.path, "w") as file:
            file.write("mine\n")
        with self.assertRaises(Refusal) as caught:
            self.plugin.state(None)
        self.assertEqual(caught.exception.code, "foreign")

    def test_settings_that_cannot_work_are_refused(self):
        for settings in [{}, {"file": ""}, {"file": 7}, {"file": "a", "fiel": "b"}]:
            with self.assertRaises(Refusal):
                ListFile(settings, {}, "both")

    def test_the_protocol_is_spoken(self):
        empty = {"scaffold": {}, "allowed": [], "blocks": {}}
        goal = {"scaffold": {"file": MARK}, "allowed": [], "blocks": {"192.0.2.1": None}}
        requests = [
            {
                "request": "hello",
                "protocol": 1,
                "direction": "both",
                "settings": {"file": self.path},
                "secrets": {},
            },
            {"request": "operations", "at": "2026-01-01T00:00:00.000000Z", "from": empty, "to": goal},
            {"request": "perform", "message": "create file\n+ block 192.0.2.1"},
            {"request": "state", "at": "2026-01-01T00:00:00.000000Z"},
            {"request": "perform", "message": "nonsense"},
        ]
        lines = [json.dumps({"id": number, **each}) for number, each in enumerate(requests, 1)]
        answers = io.StringIO()
        converse(ListFile, HERE, lines, answers)
        told = [json.loads(line) for line in answers.getvalue().splitlines()]
        self.assertEqual([each["id"] for each in told], [1, 2, 3, 4, 5])
        self.assertEqual(told[0]["answer"]["scaffold"], {"file": MARK})
        self.assertEqual(told[1]["answer"]["operations"][0]["message"], "create file\n+ block 192.0.2.1")
        self.assertEqual(told[2]["answer"], {})
        self.assertEqual(told[3]["answer"], goal)
        self.assertEqual(told[4]["error"]["code"], "conflict")


if __name__ == "__main__":
    unittest.main()
