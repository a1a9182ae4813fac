/* Starts only where no foreign library was put before the sanitizer's. */
#include <stdio.h>

int main(void)
{
	return puts("planted_asan") < 0;
}
