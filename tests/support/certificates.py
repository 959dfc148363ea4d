"""Self-signed certificates, made by the openssl program when a test wants one."""
import shutil
import ssl
import subprocess


class Certificate:
    def __init__(self, folder, name="one", common_name="localhost"):
        self.folder, self.certificate, self.key = folder, folder / "cert.pem", folder / "key.pem"
        self.write(name, common_name)

    def write(self, name, common_name="localhost"):
        """A new key and certificate in place of what is there; gives the certificate as DER bytes."""
        certificate, key = self.folder / f"{name}.cert", self.folder / f"{name}.key"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                        "-days", "2", "-subj", f"/CN={common_name}", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost",
                        "-keyout", key, "-out", certificate], check=True, capture_output=True)
        shutil.copy(key, self.key)
        shutil.copy(certificate, self.certificate)
        return ssl.PEM_cert_to_DER_cert(certificate.read_text())

    def listen(self):
        """`listen:` with TLS for clients and a plain API."""
        return (f'{{ clients: {{ address: "127.0.0.1:0", certificate: {self.certificate}, key: {self.key} }}, '
                'api: "127.0.0.1:0", directory: off }')

    def context(self):
        """A client's context that trusts exactly what is there now."""
        context = ssl.create_default_context(cafile=str(self.certificate))
        return context
