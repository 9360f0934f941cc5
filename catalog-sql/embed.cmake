# All SQL of the program becomes three headers in <build>/lib/catalog; a changed SQL file makes
# CMake run again, an unchanged table is not touched.

find_program(TERCET_AWK NAMES mawk gawk awk REQUIRED)
file(GLOB CATALOG_QUERIES CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/catalog-sql/queries/*.sql)
file(GLOB CATALOG_SCHEMA CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/catalog-sql/schema/*.sql)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
	${CATALOG_QUERIES} ${CATALOG_SCHEMA} ${CMAKE_SOURCE_DIR}/catalog-sql/embed.awk)

function(catalog_embed what)
	set(out ${CMAKE_BINARY_DIR}/lib/catalog/sql_${what}.h)
	execute_process(
		COMMAND ${TERCET_AWK} -v what=${what} -f ${CMAKE_SOURCE_DIR}/catalog-sql/embed.awk ${ARGN}
		OUTPUT_FILE ${out}.new
		COMMAND_ERROR_IS_FATAL ANY)
	configure_file(${out}.new ${out} COPYONLY)
endfunction()

file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/lib/catalog)
catalog_embed(ids ${CATALOG_QUERIES})
catalog_embed(rows ${CATALOG_QUERIES})
catalog_embed(schema ${CATALOG_SCHEMA})
