// libargon2 as Debian ships it (libargon2-dev); nothing is added to it here.
#pragma once
#include <argon2.h>
