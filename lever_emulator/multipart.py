"""Reading multipart bodies that are already in memory."""

from email.message import Message

from python_multipart.multipart import MultipartParser, parse_options_header

from lever_emulator.calls import Form, Upload, bad_request

LIMIT = 30 * 1024 * 1024


def read_multipart(content_type: bytes, body: bytes) -> tuple[Form, list[Upload]]:
    """Return fields and files of a multipart body; a broken one is a 400."""
    _, options = parse_options_header(content_type)
    boundary = options.get(b"boundary")
    if not boundary:
        raise bad_request("The multipart body has no boundary")
    fields: Form = {}
    files: list[Upload] = []
    headers = Message()
    name: list[bytes] = []
    value: list[bytes] = []
    content: list[bytes] = []
    ended: list[bool] = []

    def on_header_end() -> None:
        headers[b"".join(name).decode("latin-1")] = b"".join(value).decode("latin-1")
        name.clear()
        value.clear()

    def on_part_end() -> None:
        disposition = headers.get("content-disposition", "")
        _, parts = parse_options_header(disposition.encode("latin-1"))
        field = parts.get(b"name", b"").decode("utf-8", "replace")
        if b"filename" in parts:
            files.append(Upload(field, parts[b"filename"].decode("utf-8", "replace"), b"".join(content)))
        else:
            fields.setdefault(field, []).append(b"".join(content).decode("utf-8", "replace"))
        for header in headers.keys():
            del headers[header]
        content.clear()

    parser = MultipartParser(
        boundary,
        {
            "on_header_field": lambda data, start, end: name.append(data[start:end]),
            "on_header_value": lambda data, start, end: value.append(data[start:end]),
            "on_header_end": on_header_end,
            "on_part_data": lambda data, start, end: content.append(data[start:end]),
            "on_part_end": on_part_end,
            "on_end": lambda: ended.append(True),
        },
    )
    try:
        parser.write(body)
        parser.finalize()
    except Exception as error:
        raise bad_request(f"The multipart body is broken: {error}") from None
    if not ended:
        raise bad_request("The multipart body is cut off")
    return fields, files
