/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Notifications to the service manager, as sd_notify(3) sends them, but never waiting: sd_notify() blocks
 * while the manager reads nothing. Without NOTIFY_SOCKET they do nothing.
 */
#ifndef CG_DAEMON_MANAGER_H
#define CG_DAEMON_MANAGER_H

/* Sends a change of state. If the manager reads nothing, it is kept, and sent by cg_manager_beat(). */
__attribute__((format(printf, 1, 2))) void cg_manager_notify(const char *format, ...);

/* Sends the changes that were kept, in order, and then this text. What finds no room is not sent. */
__attribute__((format(printf, 1, 2))) void cg_manager_beat(const char *format, ...);

#endif
