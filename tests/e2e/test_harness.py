"""The harness itself: a comparison that cannot find a difference, or a proxy that does not cut, would prove nothing."""
import socket
import threading

import pytest

from harness import TcpProxy, wait_until


@pytest.fixture
def twins(pairing):
    p = pairing("maria1011", "maria1011")
    p.both_sql(f"CREATE DATABASE `{p.db}`; USE `{p.db}`; "
               "CREATE TABLE t (id INT PRIMARY KEY, v VARBINARY(20), f FLOAT, d DATETIME(6)); "
               "INSERT INTO t VALUES (1, x'00ff', 0.1, '2024-01-01 00:00:00.000001'), (2, NULL, NULL, NULL)")
    return p


def test_the_same_is_the_same(twins):
    assert twins.compare() == 2


@pytest.mark.parametrize("change", [
    "UPDATE t SET v = x'00fe' WHERE id = 1", "UPDATE t SET v = '' WHERE id = 2", "UPDATE t SET f = 0.10000002 WHERE id = 1",
    "UPDATE t SET d = '2024-01-01 00:00:00.000002' WHERE id = 1", "DELETE FROM t WHERE id = 2",
    "INSERT INTO t (id) VALUES (3)", "ALTER TABLE t MODIFY v VARBINARY(21)", "ALTER TABLE t ADD KEY (v)",
    "CREATE TABLE more (id INT)", "DROP TABLE t"])
def test_a_difference_is_found(twins, change):
    twins.target.sql(f"USE `{twins.db}`; {change}")
    with pytest.raises(AssertionError, match="differ"):
        twins.compare()


def test_a_difference_in_many_rows_is_found(twins):
    """More than what is compared row by row: by checksum."""
    twins.both_sql(f"CREATE TABLE `{twins.db}`.many (id INT, v CHAR(32)) SELECT seq AS id, MD5(seq) AS v FROM seq_1_to_9000")
    assert twins.compare() == 9002
    # two changes that a sum alone would not see
    twins.target.sql(f"UPDATE `{twins.db}`.many SET id = 9002 - id WHERE id IN (4000, 5002)")
    with pytest.raises(AssertionError, match="times on the target: id="):
        twins.compare()


@pytest.fixture
def echo():
    """A server that sends back what it gets."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=(connection,), daemon=True).start()

    def answer(connection):
        with connection:
            try:
                while chunk := connection.recv(65536):
                    connection.sendall(chunk)
            except OSError:
                pass
    threading.Thread(target=serve, daemon=True).start()
    with TcpProxy("127.0.0.1", listener.getsockname()[1]) as proxy:
        yield proxy
    listener.close()


def exchange(proxy, data):
    """What comes back until all is there or the connection ends."""
    back = b""
    with socket.create_connection((proxy.host, proxy.port), timeout=10) as client:
        client.sendall(data)
        try:
            while len(back) < len(data):
                chunk = client.recv(65536)
                if not chunk:
                    break
                back += chunk
        except ConnectionResetError:
            pass
    return back


def test_the_proxy_carries_and_records(echo):
    data = bytes(range(256)) * 500
    assert exchange(echo, data) == data
    assert echo.recorded["up"] == data and echo.recorded["down"] == data


def test_the_proxy_cuts_at_the_byte(echo):
    echo.cut_after(1000)
    assert len(exchange(echo, b"x" * 5000)) <= 1000
    assert echo.cuts == 1 and echo.count("down") == 1000
    assert exchange(echo, b"again") == b"again"


def test_the_proxy_changes_one_byte(echo):
    echo.corrupt_after(7)
    back = exchange(echo, b"0123456789")
    assert back[:7] + back[8:] == b"012345689" and back[7:8] != b"7"


def test_the_proxy_stalls_and_refuses(echo):
    echo.stall()
    with socket.create_connection((echo.host, echo.port), timeout=0.3) as client:
        client.sendall(b"hello")
        with pytest.raises(TimeoutError):
            client.recv(10)
        echo.go_on()
        client.settimeout(10)
        assert client.recv(10) == b"hello"
    echo.refuse()
    assert exchange_or_reset(echo) == b""
    echo.accept()
    assert wait_until(lambda: exchange_or_reset(echo), what="an answer") == b"hello"


def exchange_or_reset(proxy):
    try:
        return exchange(proxy, b"hello")
    except OSError:
        return b""
