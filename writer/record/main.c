#include "record.h"

int main(int argc, char **argv)
{
	return dwell_record_main(argc, argv);
}
