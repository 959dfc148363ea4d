"""An operator, its accounts and their users, as NATS' own tools would make them: keys (nkeys), JWTs signed by one with the
other, credentials files, and what a server has to be told of them. The openssl program makes and uses the keys."""
import base64
import json
import subprocess
import time

# What a key is for: the first letter of its name.
OPERATOR, ACCOUNT, USER, SEED = 14 << 3, 0, 20 << 3, 18 << 3

NO_LIMITS = {"subs": -1, "data": -1, "payload": -1}
ACCOUNT_LIMITS = {**NO_LIMITS, "imports": -1, "exports": -1, "wildcards": True, "conn": -1, "leaf": -1}
JETSTREAM_LIMITS = {"mem_storage": -1, "disk_storage": -1, "streams": -1, "consumer": -1}


def crc16(data):
    """XMODEM's."""
    crc = 0
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ (0x1021 if crc & 0x8000 else 0)) & 0xFFFF
    return crc


def encode(data):
    return base64.b32encode(data + crc16(data).to_bytes(2, "little")).rstrip(b"=").decode()


def url64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Key:
    """Of an operator, an account or a user. `name` is what others know it by."""

    def __init__(self, folder, kind):
        self.kind, self.file = kind, folder / f"key{time.monotonic_ns()}.pem"
        openssl("genpkey", "-algorithm", "ed25519", "-out", self.file)
        public = openssl("pkey", "-in", self.file, "-pubout", "-outform", "DER")[-32:]
        self.name = encode(bytes([kind]) + public)

    def seed(self):
        secret = openssl("pkey", "-in", self.file, "-outform", "DER")[-32:]
        return encode(bytes([SEED | self.kind >> 5, (self.kind & 31) << 3]) + secret)

    def sign(self, data):
        self.file.with_suffix(".data").write_bytes(data)
        return openssl("pkeyutl", "-sign", "-rawin", "-inkey", self.file, "-in", self.file.with_suffix(".data"))

    def token(self, subject, name, about):
        """A JWT in which this key says something about `subject`."""
        head = {"typ": "JWT", "alg": "ed25519-nkey"}
        claims = {"jti": subject.name, "iat": int(time.time()), "iss": self.name, "sub": subject.name, "name": name,
                  "nats": {"version": 2, **about}}
        signed = ".".join(url64(json.dumps(part).encode()) for part in (head, claims)).encode()
        return (signed + b"." + url64(self.sign(signed)).encode()).decode()


def openssl(*words):
    return subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True).stdout


class Accounts:
    """`config` is for the server, which has the accounts in its memory; credentials() makes users of the application's
    account."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir(exist_ok=True)
        operator, system, self.account = Key(folder, OPERATOR), Key(folder, ACCOUNT), Key(folder, ACCOUNT)
        (folder / "operator.jwt").write_text(operator.token(operator, "operator", {"type": "operator"}))
        known = [(system, "system", ACCOUNT_LIMITS), (self.account, "shop", {**ACCOUNT_LIMITS, **JETSTREAM_LIMITS})]
        preload = "\n".join(f'{key.name}: "{operator.token(key, name, {"type": "account", "limits": limits})}"'
                            for key, name, limits in known)
        self.config = (f'operator: "{folder / "operator.jwt"}"\nsystem_account: {system.name}\n'
                       f"resolver: MEMORY\nresolver_preload {{\n{preload}\n}}")

    def credentials(self, name, publish=(">",), subscribe=(">",), signed_by=None):
        """The file of a user who may do so much; `signed_by` another key than the account's."""
        user = Key(self.folder, USER)
        rights = {"type": "user", "pub": {"allow": list(publish)}, "sub": {"allow": list(subscribe)}, **NO_LIMITS}
        token = (signed_by or self.account).token(user, name, rights)
        file = self.folder / f"{name}.creds"
        file.write_text(f"-----BEGIN NATS USER JWT-----\n{token}\n------END NATS USER JWT------\n\n"
                        f"-----BEGIN USER NKEY SEED-----\n{user.seed()}\n------END USER NKEY SEED------\n")
        return file
