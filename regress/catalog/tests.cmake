# Tests of lib/catalog against a private PostgreSQL cluster, and the ingest bench.

file(GLOB catalog_tests CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/regress/catalog/*_test.c)
foreach(t ${catalog_tests})
	get_filename_component(base ${t} NAME_WE)
	add_executable(${base} ${t} ${CMAKE_SOURCE_DIR}/regress/catalog/farm.c
		${CMAKE_SOURCE_DIR}/regress/catalog/rows.c)
	target_compile_options(${base} PRIVATE -Wno-unused-parameter)
	target_compile_definitions(${base} PRIVATE TERCET_SOURCE="${CMAKE_SOURCE_DIR}")
	target_link_libraries(${base} lib-catalog cmocka)
	add_test(NAME catalog/${base} COMMAND ${base})
	set(labels system catalog quick)
	test_labels(${t} labels)
	set_tests_properties(catalog/${base} PROPERTIES LABELS "${labels}" TIMEOUT 1500
		ENVIRONMENT "TSAN_OPTIONS=${TERCET_TSAN_OPTIONS}")
endforeach()
# Its keeper waits longer from death to death.
set_tests_properties(catalog/killed_test PROPERTIES LABELS "system;catalog;faults" TIMEOUT 1500 COST 95)
if(EXISTS ${CMAKE_SOURCE_DIR}/regress/perf/bench_ingest.c)
	add_executable(bench_ingest ${CMAKE_SOURCE_DIR}/regress/perf/bench_ingest.c
		${CMAKE_SOURCE_DIR}/regress/catalog/farm.c)
	target_link_libraries(bench_ingest lib-catalog)
endif()
