// libarchive as Debian ships it (libarchive-dev); nothing is added to it here.
#pragma once
#include <archive.h>
#include <archive_entry.h>
