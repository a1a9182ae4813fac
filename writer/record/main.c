#include <string.h>

#include "record.h"

/* `dwell record`, `dwell snapshot` and `dwell doctor` start this program under those names. */
int main(int argc, char **argv)
{
	const char *slash = argc > 0 ? strrchr(argv[0], '/') : NULL;
	const char *name = slash ? slash + 1 : argc > 0 ? argv[0] : "";

	if (strcmp(name, "dwell-snapshot") == 0)
		return dwell_snapshot_main(argc, argv);
	if (strcmp(name, "dwell-doctor") == 0)
		return dwell_doctor_main(argc, argv);
	return dwell_record_main(argc, argv);
}
