// clutch::Codec<T> for everything that crosses: see the headers below, and writer.hpp for a codec of your own.
#pragma once

#include "clutch/codec/chrono.hpp"
#include "clutch/codec/containers.hpp"
#include "clutch/codec/define.hpp"
#include "clutch/codec/scalars.hpp"
#include "clutch/codec/variant.hpp"
#include "clutch/value.hpp"
