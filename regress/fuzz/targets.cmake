# One program per fuzz_NAME.c; its lines " * needs: MODULE..." name the libraries.  Built with the
# preset fuzz (clang with libFuzzer, address and undefined sanitizers); see regress/fuzz/run.
add_custom_target(fuzz-targets)
file(GLOB fuzz_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/regress/fuzz/fuzz_*.c)
file(GLOB fuzz_lib CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/regress/fuzz/lib/*.c)
list(FILTER fuzz_lib EXCLUDE REGEX "/fake_[a-z]*\\.c$")
add_library(fuzz-lib STATIC EXCLUDE_FROM_ALL ${fuzz_lib})
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${fuzz_sources}) # their needs
foreach(source ${fuzz_sources})
	get_filename_component(name ${source} NAME_WE)
	file(STRINGS ${source} needs REGEX "^ \\* needs: ")
	list(TRANSFORM needs REPLACE "^ \\* needs: " "")
	string(REPLACE ";" " " needs "${needs}")
	separate_arguments(needs)
	# Functions that the target puts in place of the real ones.
	file(STRINGS ${source} wraps REGEX "^ \\* wraps: ")
	list(TRANSFORM wraps REPLACE "^ \\* wraps: " "")
	string(REPLACE ";" " " wraps "${wraps}")
	separate_arguments(wraps)
	list(TRANSFORM wraps PREPEND "-Wl,--wrap=")
	# Parts of regress/fuzz/lib that only some targets want: fake libraries.
	file(STRINGS ${source} fakes REGEX "^ \\* fakes: ")
	list(TRANSFORM fakes REPLACE "^ \\* fakes: " "${CMAKE_SOURCE_DIR}/regress/fuzz/lib/fake_")
	list(TRANSFORM fakes APPEND ".c")
	add_executable(${name} EXCLUDE_FROM_ALL ${source} ${fakes})
	target_link_options(${name} PRIVATE -fsanitize=fuzzer ${wraps})
	target_link_libraries(${name} fuzz-lib ${needs})
	add_dependencies(fuzz-targets ${name})
endforeach()
