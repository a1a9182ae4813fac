# Builds for another machine against its folder of packages, and runs its programs inside that
# folder, so that no library of this machine is in reach (see .ci/cross).
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR $ENV{DWELL_CROSS_PROCESSOR})
set(CMAKE_C_COMPILER $ENV{DWELL_CROSS_PROCESSOR}-linux-gnu-gcc)
set(CMAKE_SYSROOT $ENV{DWELL_CROSS_ROOT})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
set(CMAKE_CROSSCOMPILING_EMULATOR chroot $ENV{DWELL_CROSS_ROOT})
