"""Telegram's Bot API on loopback: a real HTTP server that keeps updates, parses HTML and checks every request.

Each request is validated against the machine-readable specification where the project's data are at hand.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qsl

from entities import ApiError, Json, parse_html, typed_entities, units_of

SPEC = Path(__file__).resolve().parents[2] / "shared" / "data" / "telegram" / "bot-api-10.1.json"
TOKEN = "123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"
ME = {"id": 123456789, "is_bot": True, "first_name": "报答", "username": "Baoda_Bot"}
PATIENCE = 120


class BotApi:
    """The server. `say` is what users do, `sent` what the bot did; `fail` makes the next requests fail."""

    def __init__(self) -> None:
        self.problems: list[str] = []
        self.requests: list[tuple[str, Json]] = []
        self._spec = json.loads(SPEC.read_text(encoding="utf-8")) if SPEC.is_file() else None
        self._updates: list[Json] = []
        self._faults: list[tuple[str, ApiError | None]] = []
        self._messages = 0
        self._last_update = 0
        self._polls = 0
        self._changed = threading.Condition()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        with self._changed:
            self._polls += 1
            self._changed.notify_all()

    # What users do.

    def say(self, text: str | None, *, user: int = 1, code: str | None = "zh-hans", **fields: object) -> Json:
        """A message to the bot, in a private chat unless `chat` says otherwise; commands and mentions get entities."""
        self._messages += 1
        message: Json = {
            "message_id": self._messages,
            "date": 1_700_000_000,
            "chat": {"id": user, "type": "private", "first_name": "U"},
            "from": {"id": user, "is_bot": False, "first_name": "U"} | ({"language_code": code} if code else {}),
        }
        if text is not None:
            message["text"] = text
            if entities := typed_entities(text):
                message["entities"] = entities
        elif entities := typed_entities(str(fields.get("caption", ""))):
            message["caption_entities"] = entities
        self.push({"message": message | fields})
        return message | fields

    def push(self, update: Json) -> int:
        """Add an update as it is, numbered unless it has a number."""
        with self._changed:
            self._last_update = update.get("update_id", self._last_update + 1)
            self._updates.append({"update_id": self._last_update} | update)
            self._changed.notify_all()
        return self._last_update

    def fail(self, method: str, *errors: ApiError | None) -> None:
        """Let the next requests of `method` fail, one by one; None drops the connection."""
        with self._changed:
            self._faults += [(method, error) for error in errors]

    # What the bot did.

    def sent(self, *, to: int | None = None) -> list[Json]:
        """The messages that were sent, as the API gave them back, with the request's `reply_parameters`."""
        return [r for method, r in self.requests if method == "sendMessage" and to in (None, r["chat"]["id"])]

    def wait(self, condition: Callable[[], object]) -> None:
        """Wait until `condition` holds; fail where it does not in good time."""
        with self._changed:
            assert self._changed.wait_for(condition, PATIENCE), f"waited in vain; {self.requests[-5:]}"

    def replies(self, to: int, count: int = 1) -> list[Json]:
        """Wait for `count` messages to chat `to`, and give them."""
        self.wait(lambda: len(self.sent(to=to)) >= count)
        return self.sent(to=to)

    def is_read(self) -> bool:
        """Tell whether the bot has read all updates."""
        return not self._updates

    def has_faults(self) -> bool:
        """Tell whether a fault of `fail` is still to come."""
        return bool(self._faults)

    # The API.

    def answer(self, token: str, method: str, parameters: Json) -> Any:  # noqa: ANN401
        """The result of one request; `ApiError` where the API refuses it."""
        with self._changed:
            fault = next((item for item in self._faults if item[0] == method), None)
            if fault:
                self._faults.remove(fault)
                self._changed.notify_all()
                if fault[1] is None:
                    raise ConnectionAbortedError
                raise fault[1]
        if token != TOKEN:
            raise ApiError(401, "Unauthorized")
        if self._spec:
            self._validate(method, parameters)
        if method == "getUpdates":
            return self._get_updates(parameters)
        result = self._send(parameters) if method == "sendMessage" else ME if method == "getMe" else True
        with self._changed:
            self.requests.append((method, result if method == "sendMessage" else parameters))
            self._changed.notify_all()
        return result

    def _get_updates(self, parameters: Json) -> list[Json]:
        with self._changed:
            self._polls += 1
            poll, offset = self._polls, parameters.get("offset", 0)
            while self._updates and self._updates[0]["update_id"] < offset:
                self._updates.pop(0)
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._updates or self._polls != poll, parameters.get("timeout", 0))
            if self._polls != poll:
                raise ApiError(409, "Conflict: terminated by other getUpdates request")
            return self._updates[: parameters.get("limit", 100)]

    def _send(self, parameters: Json) -> Json:
        text, entities = parse_html(parameters["text"]) if parameters.get("parse_mode") else (parameters["text"], [])
        if not text.strip():
            raise ApiError(400, "Bad Request: message text is empty")
        if units_of(text) > 4096:
            raise ApiError(400, "Bad Request: message is too long")
        self._messages += 1
        return {
            "message_id": self._messages,
            "date": 1_700_000_000,
            "chat": {"id": parameters["chat_id"], "type": "private" if parameters["chat_id"] > 0 else "group"},
            "from": ME,
            "text": text,
            "entities": entities,
            "reply_parameters": parameters.get("reply_parameters"),
        }

    def _validate(self, method: str, parameters: Json) -> None:
        known = self._spec["methods"].get(method)
        found = self._wrong({"fields": known.get("fields", [])}, parameters, method) if known else f"{method}: unknown"
        if found:
            self.problems.append(found)
            raise ApiError(400, f"Bad Request: {found}")

    def _wrong(self, kind: Json, value: Json, where: str) -> str | None:
        """What is wrong with the fields of an object of the specification, None where nothing is."""
        fields = {field["name"]: field for field in kind.get("fields", [])}
        for name, field in fields.items():
            if name not in value and field["required"]:
                return f"{where}: {name} is missing"
        for name, item in value.items():
            if name not in fields:
                return f"{where}: {name} is unknown"
            if not any(self._fits(kind, item) for kind in fields[name]["types"]):
                return f"{where}: {name} is not {' or '.join(fields[name]['types'])}: {item!r}"
        return None

    def _fits(self, kind: str, value: object) -> bool:
        if kind.startswith("Array of "):
            return isinstance(value, list) and all(self._fits(kind.removeprefix("Array of "), item) for item in value)
        simple = {"Integer": int, "String": str, "Boolean": bool, "Float": float}.get(kind)
        if simple:
            return type(value) is simple
        known = self._spec["types"][kind]
        if "subtypes" in known:
            return any(self._fits(subtype, value) for subtype in known["subtypes"])
        return isinstance(value, dict) and self._wrong(known, value, kind) is None

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        api = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"] or 0)
                body = self.rfile.read(length)
                if len(body) < length:  # a request that was given up
                    self.close_connection = True
                    return
                _, bot, method = self.path.split("/", 2)
                try:
                    parameters = _parameters(self.headers["Content-Type"], body)
                    reply, code = {"ok": True, "result": api.answer(bot.removeprefix("bot"), method, parameters)}, 200
                except ApiError as error:
                    reply = {"ok": False, "error_code": error.code, "description": str(error)}
                    reply |= {"parameters": error.parameters} if error.parameters else {}
                    code = error.code
                except ConnectionAbortedError:
                    self.close_connection = True
                    return
                content = json.dumps(reply).encode()
                try:
                    self.send_response(code)
                    self.send_header("Content-Type", "application/json")
                    self.send_header("Content-Length", str(len(content)))
                    self.end_headers()
                    self.wfile.write(content)
                except OSError:  # a poll that was given up
                    self.close_connection = True

            def log_message(self, *arguments: object) -> None:
                pass

        return Handler


def _parameters(content_type: str | None, body: bytes) -> Json:
    """A request's parameters; what is not a string is JSON in a form, as the API has it."""
    if content_type and content_type.startswith("multipart/"):
        parts = BytesParser().parsebytes(f"Content-Type: {content_type}\r\n\r\n".encode() + body).get_payload()
        pairs = [
            (p.get_param("name", header="content-disposition"), p.get_payload(decode=True).decode()) for p in parts
        ]
    else:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=bool(body))
    strings = {"text", "parse_mode", "action", "language_code"}
    return {name: value if name in strings else json.loads(value) for name, value in pairs}
