"""TLS by default: what is on the wire, and who is refused."""
import pytest

from harness import wait_until

SECRET = "Xylophone-7391-in-the-clear"


def insert_secret(p):
    p.source.sql(f"CREATE DATABASE `{p.db}`; CREATE TABLE `{p.db}`.t (id INT PRIMARY KEY, v VARCHAR(100)); "
                 f"INSERT INTO `{p.db}`.t VALUES (1, '{SECRET}')")
    p.changeling.wait_caught_up()
    assert p.target.query(f"SELECT v FROM `{p.db}`.t") == [(SECRET,)]


@pytest.mark.parametrize("target", ["maria1011", "mysql97"])
def test_nothing_readable_on_the_way_to_the_target(pairing, target):
    p = pairing("maria1011", target)
    proxy = pairing.proxy(p.target)
    p.replicate("now", target_port=proxy.port)
    insert_secret(p)
    wire = proxy.everything()
    assert len(wire) > 2000
    for text in (SECRET, "adminpw", "INSERT INTO", "insert into"):
        assert text.encode() not in wire
    assert p.changeling.row()["target_cipher"]


def test_without_tls_all_of_it_is_readable(pairing, pool):
    """The same recording finds the row when TLS is off: the test above can fail. Off must be asked for, and shows."""
    target = pool.fresh("maria1011", "plain", tls="off")
    p = pairing("maria1011", target)
    proxy = pairing.proxy(target)
    options = {"target_port": proxy.port, "target_user": "root", "target_ssl_ca": None, "target_ssl_mode": "off",
               "target_password_file": plain_password(p)}
    p.changeling.change_master("now", **options)
    p.changeling.run()
    insert_secret(p)
    assert SECRET.encode() in proxy.everything()
    row = p.changeling.row()
    assert row["target_ssl_mode"] == "off" and not row["target_cipher"]
    assert "off" in p.changeling.command("status").out


def plain_password(p):
    path = p.changeling.folder / "root.password"
    path.touch(mode=0o600)
    path.write_text("root\n")
    return path


def test_a_target_without_tls_is_refused(pairing, pool):
    """The trap of the fall-back: a server (or whoever sits between) that offers no TLS gets nothing."""
    target = pool.fresh("maria1011", "plain", tls="off")
    p = pairing("maria1011", target)
    proxy = pairing.proxy(target)
    result = p.changeling.change_master("now", expect=None, target_port=proxy.port, target_user="root",
                                        target_password_file=plain_password(p))
    assert result.code != 0
    assert "TLS" in result.err or "SSL" in result.err
    assert not p.changeling.running()


@pytest.mark.parametrize("mode", ["identity", "ca"])
@pytest.mark.parametrize("target", ["maria1011", "mysql97"])
def test_wrong_ca_is_refused(pairing, certificates, target, mode):
    p = pairing("maria1011", target)
    result = p.changeling.change_master("now", expect=None, target_ssl_ca=certificates.wrong_ca, target_ssl_mode=mode)
    assert result.code != 0
    assert "certificate" in result.err.lower()


def test_wrong_name_is_refused_and_ca_mode_takes_it(pairing, pool):
    target = pool.fresh("maria1011", "rds", tls="wrong-name")
    p = pairing("maria1011", target)
    result = p.changeling.change_master("now", expect=None)
    assert result.code != 0
    assert "certificate" in result.err.lower() and "name" in result.err.lower()
    p.changeling.change_master("now", target_ssl_mode="ca")
    p.changeling.run()
    insert_secret(p)


def test_an_expired_certificate_is_refused(pairing, pool):
    target = pool.fresh("maria1011", "rds", tls="expired")
    p = pairing("maria1011", target)
    for mode in ("identity", "ca"):
        result = p.changeling.change_master("now", expect=None, target_ssl_mode=mode)
        assert result.code != 0
        assert "expired" in result.err


@pytest.mark.parametrize("mode", ["identity", "ca"])
@pytest.mark.parametrize("side", ["source", "target"])
def test_a_revoked_certificate_is_refused(pairing, pool, certificates, tmp_path, side, mode):
    p = pairing(pool.fresh("maria1011", "master", tls="good") if side == "source" else "maria1011", "maria1011")
    word = "master" if side == "source" else "target"
    for name in ("none", "good"):
        (tmp_path / name).mkdir()
    options = {f"{word}_ssl_ca": certificates.ca, f"{word}_ssl_mode": mode,
               f"{word}_ssl_crl": certificates.revoked(tmp_path / "good", "good")}
    refused = p.changeling.change_master("now", expect=None, **options)
    assert refused.code != 0 and "revoked" in refused.err
    options[f"{word}_ssl_crl"] = certificates.revoked(tmp_path / "none")
    p.replicate("now", **options)
    insert_secret(p)


@pytest.mark.parametrize("mode", ["identity", "ca"])
def test_the_connections_come_from_the_address_that_is_bound(pairing, mode):
    p = pairing()
    p.replicate("now", target_bind_address="127.0.0.3", master_bind="127.0.0.2", target_ssl_mode=mode)
    insert_secret(p)
    for server, address in ((p.source, "127.0.0.2"), (p.target, "127.0.0.3")):
        hosts = server.query("SELECT HOST FROM information_schema.PROCESSLIST WHERE USER IN ('repl', 'admin')")
        assert hosts and all(host.startswith(f"{address}:") for host, in hosts), hosts


def test_the_name_in_the_certificate_may_be_a_host_name(pairing):
    p = pairing()
    p.replicate("now", target_host="localhost")
    insert_secret(p)


@pytest.mark.parametrize("source", ["maria1011", "mysql97"])
def test_tls_to_the_master(pairing, pool, certificates, source):
    master = pool.fresh(source, "master", tls="good")
    p = pairing(master, "maria1011")
    proxy = pairing.proxy(master)
    options = {"master_port": proxy.port, "master_ssl_ca": certificates.ca, "master_ssl_mode": "identity"}
    p.replicate("now", **options)
    insert_secret(p)
    assert SECRET.encode() not in proxy.everything()
    row = p.changeling.row()
    assert row["source_cipher"] and row["source_ssl_mode"] == "identity"
    p.changeling.stop()
    refused = p.another().change_master("now", expect=None, **{**options, "master_ssl_ca": certificates.wrong_ca})
    assert refused.code != 0 and "certificate" in refused.err.lower()


def test_the_master_in_the_clear_is_readable(pairing):
    """The counterpart: without TLS to the master the recording does find the row."""
    p = pairing()
    proxy = pairing.proxy(p.source)
    p.replicate("now", master_port=proxy.port)
    insert_secret(p)
    assert SECRET.encode() in proxy.everything()
    assert b"repl\0" in proxy.everything()


def test_a_certificate_is_checked_again_at_each_connect(pairing, pool):
    """The target comes back with another certificate: whoever answers there now gets no row."""
    target = pool.fresh("maria1011", "rds")
    p = pairing("maria1011", target)
    p.replicate("now")
    p.changeling.wait_caught_up()
    pki = pool.certificates
    target.restart(f"--ssl-cert={pki.certificate('wrong-name')}", f"--ssl-key={pki.key('wrong-name')}")
    p.source.sql(f"CREATE DATABASE `{p.db}`")
    wait_until(lambda: "certificate" in (p.changeling.row().get("target_error") or
                                         p.changeling.row().get("error") or "").lower(), 20,
               lambda: f"the refusal: {p.changeling.row()}")
    assert p.db not in target.databases()
