"""The lab's certificates: what a client should trust, and everything that it should not."""
import pathlib
import shutil
import subprocess

from . import paths

RDS_NAME = "lab.abc123.us-east-1.rds.amazonaws.test"
NAMES = f"DNS:localhost,DNS:{RDS_NAME},IP:127.0.0.1,IP:10.99.0.2,IP:10.99.1.2"
STRANGE_NAMES = "DNS:elsewhere.example.test"

CA_CONFIGURATION = """\
[ca]
default_ca = lab
[lab]
dir = .
database = ./index.txt
new_certs_dir = .
rand_serial = yes
default_md = sha256
policy = any
unique_subject = no
copy_extensions = none
[any]
commonName = supplied
"""

SIGNING = ("-batch", "-config", "ca.cnf", "-cert", "ca.pem", "-keyfile", "ca-key.pem")


def _openssl(folder, *arguments):
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True, stdin=subprocess.DEVNULL)


class Certificates:
    """Files below FOLDER: ca.pem (trust this), wrong-ca.pem (signed nothing here), and for each of good, wrong-name
    and expired NAME-cert.pem with NAME-key.pem. All of them are signed by ca.pem. good-key-pkcs1.pem is good's key in
    the only form that MySQL 5.6 reads."""

    def __init__(self):
        self.folder = paths.home() / "pki"
        with paths.locked("pki"):
            if not self.folder.is_dir():
                self._make(pathlib.Path(f"{self.folder}.new"))

    @property
    def ca(self):
        return self.folder / "ca.pem"

    @property
    def wrong_ca(self):
        return self.folder / "wrong-ca.pem"

    def certificate(self, name="good"):
        return self.folder / f"{name}-cert.pem"

    def key(self, name="good", pkcs1=False):
        return self.folder / (f"{name}-key-pkcs1.pem" if pkcs1 else f"{name}-key.pem")

    def revoked(self, folder, *names):
        """A list of revoked certificates, made in `folder` (which this needs for itself), with those of `names` on it."""
        for name in ("ca.cnf", "ca.pem", "ca-key.pem"):
            shutil.copy(self.folder / name, folder)
        (folder / "index.txt").write_text("")
        for name in names:
            _openssl(folder, "ca", *SIGNING, "-revoke", self.certificate(name))
        _openssl(folder, "ca", *SIGNING, "-gencrl", "-crldays", "30", "-out", "crl.pem")
        return folder / "crl.pem"

    def _make(self, folder):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)

        def openssl(*arguments):
            _openssl(folder, *arguments)

        (folder / "ca.cnf").write_text(CA_CONFIGURATION)
        (folder / "index.txt").write_text("")
        for ca in ("ca", "wrong-ca"):
            openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "3650", "-subj", f"/CN=lab {ca}",
                    "-keyout", f"{ca}-key.pem", "-out", f"{ca}.pem")
        for name, subject, names, dates in (
                ("good", RDS_NAME, NAMES, ["-days", "3650"]),
                ("wrong-name", "elsewhere.example.test", STRANGE_NAMES, ["-days", "3650"]),
                ("expired", RDS_NAME, NAMES, ["-startdate", "20200101000000Z", "-enddate", "20210101000000Z"])):
            (folder / f"{name}.ext").write_text(f"subjectAltName={names}\nbasicConstraints=CA:FALSE\n")
            openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={subject}",
                    "-keyout", f"{name}-key.pem", "-out", f"{name}.csr")
            openssl("ca", *SIGNING, "-notext", "-extfile", f"{name}.ext", *dates, "-in", f"{name}.csr", "-out", f"{name}-cert.pem")
            openssl("rsa", "-in", f"{name}-key.pem", "-traditional", "-out", f"{name}-key-pkcs1.pem")
        folder.rename(self.folder)
