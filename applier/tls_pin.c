#include "applier/tls_pin.h"

#include <netdb.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

/* capability bits of the SSL request: CLIENT_PROTOCOL_41, CLIENT_SSL, CLIENT_SECURE_CONNECTION, long password */
#define SSL_REQUEST_CAPABILITIES (0x200u | 0x800u | 0x8000u | 0x1u)
#define SERVER_HAS_SSL 0x800u

/* The first local address of the peer's family that `name` has. */
static bool bind_to(int fd, int family, const char *name)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_family = family}, *list;
	bool bound;

	if (getaddrinfo(name, NULL, &hints, &list) != 0)
		return false;
	bound = bind(fd, list->ai_addr, list->ai_addrlen) == 0;
	freeaddrinfo(list);
	return bound;
}

static int dial(const struct tls_peer *peer, struct error *error)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list, *at;
	struct timeval timeout = {.tv_sec = peer->timeout_seconds ? (time_t)peer->timeout_seconds : 10};
	char service[16];
	int fd = -1, status;

	snprintf(service, sizeof(service), "%u", peer->port);
	status = getaddrinfo(peer->host, service, &hints, &list);
	if (status != 0)
		return error_set(error, ERROR_CONNECT, "cannot resolve %s: %s.", peer->host, gai_strerror(status));
	for (at = list; at; at = at->ai_next) {
		fd = socket(at->ai_family, at->ai_socktype | SOCK_CLOEXEC, at->ai_protocol);
		if (fd < 0)
			continue;
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
		if ((!peer->bind_address || bind_to(fd, at->ai_family, peer->bind_address)) &&
			connect(fd, at->ai_addr, at->ai_addrlen) == 0)
			break;
		close(fd);
		fd = -1;
	}
	freeaddrinfo(list);
	if (fd < 0)
		return error_set(error, ERROR_CONNECT, "cannot connect to %s:%u: %m.", peer->host, peer->port);
	return fd;
}

static bool read_exactly(int fd, unsigned char *into, size_t length)
{
	while (length) {
		ssize_t got = read(fd, into, length);

		if (got <= 0)
			return false;
		into += got;
		length -= (size_t)got;
	}
	return true;
}

/* Reads the greeting and asks for TLS. */
static int ask_for_tls(int fd, struct error *error)
{
	unsigned char head[4], greeting[1024], request[36] = {32, 0, 0, 1};
	size_t length, at;
	unsigned capabilities;

	if (!read_exactly(fd, head, 4))
		return error_set(error, ERROR_CONNECT, "the server closed the connection before its greeting.");
	length = head[0] | (size_t)head[1] << 8 | (size_t)head[2] << 16;
	if (length < 8 || length > sizeof(greeting) || !read_exactly(fd, greeting, length))
		return error_set(error, ERROR_CONNECT, "the server's greeting is not that of a MySQL server.");
	if (greeting[0] == 0xff)
		return error_set(error, ERROR_CONNECT, "the server refuses connections: %.*s", (int)(length - 3),
			(const char *)greeting + 3);
	at = 1 + strnlen((const char *)greeting + 1, length - 1) + 1; /* version */
	at += 4 + 8 + 1;                                              /* thread id, nonce, filler */
	if (greeting[0] != 10 || at + 2 > length)
		return error_set(error, ERROR_CONNECT, "the server's greeting is not that of a MySQL server.");
	capabilities = greeting[at] | (unsigned)greeting[at + 1] << 8;
	if (!(capabilities & SERVER_HAS_SSL))
		return error_set(error, ERROR_CONNECT, "the server does not offer TLS.");
	request[4] = SSL_REQUEST_CAPABILITIES & 255;
	request[5] = SSL_REQUEST_CAPABILITIES >> 8 & 255;
	request[11] = 1; /* largest packet 2^24 */
	request[12] = 33;
	if (write(fd, request, sizeof(request)) != (ssize_t)sizeof(request))
		return error_set(error, ERROR_CONNECT, "cannot ask the server for TLS: %m.");
	return 0;
}

static int handshake(int fd, SSL_CTX *context, char fingerprint[TLS_PIN_TEXT], struct error *error)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned length = 0;
	SSL *ssl = SSL_new(context);
	X509 *certificate = NULL;
	int result = -1;

	SSL_set_fd(ssl, fd);
	if (SSL_connect(ssl) != 1) {
		long verify = SSL_get_verify_result(ssl);
		unsigned long code = ERR_get_error();

		error_set(error, ERROR_CONNECT, "the TLS handshake failed: %s.",
			verify != X509_V_OK ? X509_verify_cert_error_string(verify)
			: code ? ERR_reason_error_string(code) : "the server closed the connection");
		goto out;
	}
	certificate = SSL_get1_peer_certificate(ssl);
	if (!certificate || X509_digest(certificate, EVP_sha1(), digest, &length) != 1) {
		error_set(error, ERROR_CONNECT, "the server showed no certificate.");
		goto out;
	}
	for (unsigned i = 0; i < length; i++)
		snprintf(fingerprint + 2 * i, 3, "%02X", digest[i]);
	result = 0;
out:
	X509_free(certificate);
	SSL_free(ssl);
	return result;
}

/* What the chain is verified against. */
static int trust(SSL_CTX *context, const struct tls_options *options, struct error *error)
{
	X509_STORE *store = SSL_CTX_get_cert_store(context);

	if (options->ca || options->capath) {
		if (SSL_CTX_load_verify_locations(context, options->ca, options->capath) != 1)
			return error_set(error, ERROR_USAGE, "cannot read the CA certificates %s.",
				options->ca ? options->ca : options->capath);
	} else {
		SSL_CTX_set_default_verify_paths(context);
	}
	if (!options->crl && !options->crlpath)
		return 0;
	if (X509_STORE_load_locations(store, options->crl, options->crlpath) != 1)
		return error_set(error, ERROR_USAGE, "cannot read the revoked certificates %s.",
			options->crl ? options->crl : options->crlpath);
	X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
	return 0;
}

int tls_pin_fetch(const struct tls_options *options, const struct tls_peer *peer, char fingerprint[TLS_PIN_TEXT],
	struct error *error)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	int fd = -1, result = -1;

	if (!context)
		return error_set(error, ERROR_CONNECT, "OpenSSL has no TLS context to give.");
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
	if (trust(context, options, error) < 0)
		goto out;
	fd = dial(peer, error);
	if (fd >= 0 && ask_for_tls(fd, error) == 0)
		result = handshake(fd, context, fingerprint, error);
	if (result < 0)
		error_context(error, "verifying the certificate of %s:%u", peer->host, peer->port);
out:
	if (fd >= 0)
		close(fd);
	SSL_CTX_free(context);
	ERR_clear_error();
	return result;
}
