// libmagic as Debian ships it (libmagic-dev); nothing is added to it here.
#pragma once
#include <magic.h>
