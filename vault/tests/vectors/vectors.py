"""Makes vectors.json: what the vault must write for given keys, computed by a second implementation.

It follows `vault/src/format.rs` with the AES-SIV of the Python package `cryptography` (OpenSSL underneath) and shares no
code with the vault, whose tests read only the JSON. To make or to check it again:

    python3 -m venv venv && venv/bin/pip install cryptography
    venv/bin/python vectors.py > fresh.json && diff fresh.json vectors.json
"""

import hashlib
import hmac
import json
import struct
import uuid

from cryptography.hazmat.primitives.ciphers.aead import AESSIV


def bytes_for(name, length):
    """Made-up key material: a stream of SHA-256 over a name and a counter."""
    out = b"".join(hashlib.sha256(f"{name} {i}".encode()).digest() for i in range(length // 32 + 1))
    return out[:length]


def u32(number):
    return struct.pack(">I", number)


def envelope(name, account, version, provider, plaintext):
    dek_id = uuid.UUID(bytes=bytes_for(name + " dek id", 16))
    credential = uuid.UUID(bytes=bytes_for(name + " credential", 16))
    key, nonce = bytes_for(name + " key", 64), bytes_for(name + " nonce", 16)
    header = bytes([1, 1]) + dek_id.bytes
    associated = [
        b"soconnective/vault/envelope/1",
        header,
        account.encode(),
        credential.bytes,
        u32(version),
        provider.encode(),
        nonce,
    ]
    sealed = header + nonce + AESSIV(key).encrypt(plaintext.encode(), associated)
    return {
        "name": name,
        "key": key.hex(),
        "dek_id": str(dek_id),
        "nonce": nonce.hex(),
        "account": account,
        "credential": str(credential),
        "version": version,
        "provider": provider,
        "plaintext": plaintext,
        "envelope": sealed.hex(),
    }


def wrap(name, kek_id, account, purpose, length):
    kek, key = bytes_for(name + " kek", 64), bytes_for(name + " key", length)
    key_id = uuid.UUID(bytes=bytes_for(name + " key id", 16))
    header = bytes([1, 1]) + u32(kek_id)
    associated = [b"soconnective/vault/wrap/1", header, account.encode(), key_id.bytes, purpose.encode()]
    return {
        "name": name,
        "kek_id": kek_id,
        "kek": kek.hex(),
        "account": account,
        "key_id": str(key_id),
        "purpose": purpose,
        "key": key.hex(),
        "wrapped": (header + AESSIV(kek).encrypt(key, associated)).hex(),
    }


def check_value(name, kek_id):
    kek = bytes_for(name + " kek", 64)
    value = AESSIV(kek).encrypt(bytes(16), [b"soconnective/vault/kek-check/1", u32(kek_id)])
    return {"name": name, "kek_id": kek_id, "kek": kek.hex(), "check_value": value.hex()}


def fingerprint(name, fields, secret):
    key = bytes_for(name + " key", 32)
    message = b"soconnective/vault/fingerprint/1"
    for field in sorted(secret):
        for text in (field.encode(), fields[field].encode()):
            message += u32(len(text)) + text
    return {
        "name": name,
        "key": key.hex(),
        "fields": fields,
        "secret": secret,
        "fingerprint": hmac.new(key, message, hashlib.sha256).hexdigest(),
    }


def request_digest(name, request):
    key = bytes_for(name + " key", 32)
    digest = hmac.new(key, request.encode(), hashlib.sha256).digest()[:16]
    return {"name": name, "key": key.hex(), "request": request, "digest": digest.hex()}


print(
    json.dumps(
        {
            "envelopes": [
                envelope("one field", "acme", 1, "mailchimp", '{"api_key":"0123456789abcdef0123456789abcdef-us6"}'),
                envelope("shorter than a block", "a", 0, "x", '{"a":"b"}'),
                envelope("several fields", "agency_7-sub", 4294967295, "my-crm", '{"host":"eu.example.com","token":"ü🔑"}'),
                envelope("one block", "acme", 2, "stripe", '{"api_key":"sk"}'),
            ],
            "wrapped_keys": [
                wrap("credential key", 1, "acme", "credential", 64),
                wrap("fingerprint key", 2, "agency_7-sub", "fingerprint", 32),
                wrap("request-digest key", 4294967295, "", "request-digest", 32),
            ],
            "check_values": [check_value("first", 1), check_value("last", 4294967295)],
            "fingerprints": [
                fingerprint("one of two", {"api_key": "secret", "host": "eu.example.com"}, ["api_key"]),
                fingerprint("two", {"b": "2", "a": "ü1"}, ["b", "a"]),
            ],
            "request_digests": [request_digest("a request", '{"provider":"mailchimp"}'), request_digest("empty", "")],
        },
        indent=1,
        ensure_ascii=False,
    )
)
