/*
 * Calls that write or read past an end, keep hidden state, or cannot report an error. The build
 * includes this file before every source of ours, so a use of one of them does not compile.
 *
 * Only declarations: no header of the system is included here, so a source that forgets one of
 * its own is still found out.
 */
#ifndef DWELL_BANNED_H
#define DWELL_BANNED_H

#define DWELL_BANNED(instead) __attribute__((unavailable("use " instead)))

extern char *strcpy(char *, const char *) DWELL_BANNED("snprintf or memcpy");
extern char *stpcpy(char *, const char *) DWELL_BANNED("snprintf or memcpy");
extern char *strcat(char *, const char *) DWELL_BANNED("snprintf");
extern char *strncpy(char *, const char *, __SIZE_TYPE__) DWELL_BANNED("snprintf or memcpy");
extern char *strncat(char *, const char *, __SIZE_TYPE__) DWELL_BANNED("snprintf");
extern char *strtok(char *, const char *) DWELL_BANNED("strchr, strcspn or strtok_r");
extern int sprintf(char *, const char *, ...) DWELL_BANNED("snprintf");
extern int vsprintf(char *, const char *, __builtin_va_list) DWELL_BANNED("vsnprintf");
extern int atoi(const char *) DWELL_BANNED("strtoul with its end checked");
extern long atol(const char *) DWELL_BANNED("strtoul with its end checked");
extern double atof(const char *) DWELL_BANNED("strtod with its end checked");
extern char *tmpnam(char *) DWELL_BANNED("mkstemp");
extern char *mktemp(char *) DWELL_BANNED("mkstemp");

struct tm;
extern char *asctime(const struct tm *) DWELL_BANNED("strftime");
extern char *ctime(const long *) DWELL_BANNED("strftime");
extern struct tm *gmtime(const long *) DWELL_BANNED("gmtime_r");
extern struct tm *localtime(const long *) DWELL_BANNED("localtime_r");

#undef DWELL_BANNED

#endif
