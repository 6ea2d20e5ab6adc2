/* What systemd wants to hear (sd_notify(3)), without its library. Does nothing without NOTIFY_SOCKET. */
#ifndef PROXY_NOTIFY_H
#define PROXY_NOTIFY_H

/* "READY=1", "STOPPING=1", "WATCHDOG=1", "STATUS=…" */
void notify_send(const char *message);

/* Seconds between two WATCHDOG=1 that keep the watchdog quiet; 0 = there is none. */
double notify_watchdog_seconds(void);

#endif
