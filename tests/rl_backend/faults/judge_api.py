"""A judge's service as a process: Anthropic's Messages API, answered by a rule.

A program, so that it can be killed: `python -m tests.rl_backend.faults.judge_api PORT`. It stands
for the vendor; all that asks it and copes with its deaths is the product's own.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

HOST = "127.0.0.1"
_WORK = re.compile(r"<work-(\w+)>\n(.*)\n</work-\1>", re.DOTALL)


def is_met(work: str) -> bool:
    """The rule: met for every other text, so that groups have a spread."""
    return hashlib.sha256(work.encode()).digest()[0] % 2 == 0


class Service(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        found = _WORK.search(body["messages"][0]["content"][0]["text"])
        assert found is not None
        verdict = "met" if is_met(found[2]) else "unmet"
        self._answer({"evidence": [], "reasoning": "By the rule.", "verdict": verdict}, body)

    def _answer(self, answer: dict[str, Any], body: dict[str, Any]) -> None:
        message = {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": body["model"],
            "content": [{"type": "text", "text": json.dumps(answer)}],
            "stop_reason": "end_turn",
            "stop_sequence": None,
            "usage": {"input_tokens": 1, "output_tokens": 1},
        }
        data = json.dumps(message).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_args: Any) -> None:
        """Says nothing."""


if __name__ == "__main__":
    ThreadingHTTPServer((HOST, int(sys.argv[1])), Service).serve_forever()
