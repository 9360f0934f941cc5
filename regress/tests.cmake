# Style checks and system tests as CTest tests.
#
# regress/<area>/*.bats, *_test.sh and *_test.py become tests labelled system and <area>; a line
# "# labels: quick tsan" in the file adds labels.  They find the programs through TERCET_BIN.
# Exit status 77 is a skip, with its reason printed.

foreach(check layers banned must-check headers format shell spec-labels clean)
	add_test(NAME style/${check} COMMAND ${CMAKE_SOURCE_DIR}/regress/tools/check-${check} ${CMAKE_BINARY_DIR})
	set_tests_properties(style/${check} PROPERTIES LABELS style TIMEOUT 300)
endforeach()

# These take a minute and more and begin first, also where no run before has told ctest so: else the
# last of them would run alone.
set(long_tests faults/catalog_away perf/perf_test faults/half_open_test setup/quickstart_test setup/hang_test
	faults/catalog_full faults/net_test faults/link_test director/lost director/cancel director/hung
	faults/clock director/decide interop/stock_site faults/link_clear_test fd/fd_test fd/compressed_test faults/power_test
	faults/stop_test security/strangers fd/fd_commands_test sd/sd_test backup/compression)

file(GLOB system_tests CONFIGURE_DEPENDS RELATIVE ${CMAKE_SOURCE_DIR}/regress
	${CMAKE_SOURCE_DIR}/regress/*/*.bats ${CMAKE_SOURCE_DIR}/regress/*/*_test.sh
	${CMAKE_SOURCE_DIR}/regress/*/*_test.py)
list(FILTER system_tests EXCLUDE REGEX "^(peers|golden|lib|tools|fuzz)/")
foreach(t ${system_tests})
	get_filename_component(area ${t} DIRECTORY)
	get_filename_component(base ${t} NAME_WE)
	set(path ${CMAKE_SOURCE_DIR}/regress/${t})
	if(t MATCHES "\\.bats$")
		set(command bats ${path})
	elseif(t MATCHES "\\.py$")
		set(command python3 ${path})
	else()
		set(command bash ${path})
	endif()
	set(labels system ${area})
	test_labels(${path} labels)
	add_test(NAME system/${area}/${base} COMMAND ${command})
	set_tests_properties(system/${area}/${base} PROPERTIES LABELS "${labels}" TIMEOUT 1200
		SKIP_RETURN_CODE 77 ENVIRONMENT
		"TERCET_BIN=${CMAKE_BINARY_DIR};TERCET_SOURCE=${CMAKE_SOURCE_DIR};TERCET_SANITIZE=${TERCET_SANITIZE};ASAN_OPTIONS=abort_on_error=1:detect_leaks=1;TSAN_OPTIONS=${TERCET_TSAN_OPTIONS}")
	list(FIND long_tests ${area}/${base} rank)
	if(rank GREATER -1)
		math(EXPR cost "100 - ${rank}")
		set_tests_properties(system/${area}/${base} PROPERTIES COST ${cost})
	endif()
endforeach()

# Programs of the tests themselves, over the libraries alone.
foreach(tool interop/net_peer perf/conn_bench)
	get_filename_component(base ${tool} NAME)
	add_executable(${base} ${CMAKE_SOURCE_DIR}/regress/${tool}.c)
	target_link_libraries(${base} lib-net)
endforeach()

include(${CMAKE_SOURCE_DIR}/regress/catalog/tests.cmake OPTIONAL)

if(TERCET_SANITIZE MATCHES "fuzzer")
	include(${CMAKE_SOURCE_DIR}/regress/fuzz/targets.cmake)
endif()
