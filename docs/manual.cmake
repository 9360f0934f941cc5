# Manual pages: printed by the programs themselves from their tables (--man SECTION), so that a
# page says what the program does.  They are made into man/ of the build directory and installed.

set(manual_pages "")
function(tercet_manual program section page)
	# One more argument: a subcommand.
	set(script ${CMAKE_SOURCE_DIR}/platforms/setup/${program})
	if(TARGET ${program})
		set(run $<TARGET_FILE:${program}>)
		set(made_from ${program})
	elseif(EXISTS ${script})
		set(run ${script})
		set(made_from ${script})
	else()
		return()
	endif()
	set(file ${CMAKE_BINARY_DIR}/man/${page}.${section})
	add_custom_command(OUTPUT ${file} DEPENDS ${made_from} VERBATIM
		COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_BINARY_DIR}/man
		COMMAND sh -c "$1 $4 --man $2 >$3.new && mv $3.new $3" manual ${run} ${section} ${file} ${ARGN})
	install(FILES ${file} DESTINATION share/man/man${section})
	set(manual_pages ${manual_pages} ${file} PARENT_SCOPE)
endfunction()

tercet_manual(tercet-dir 8 tercet-dir)
tercet_manual(tercet-dir 5 tercet-dir.conf)
tercet_manual(tercet-dir 7 tercet-commands)
tercet_manual(tercet-sd 8 tercet-sd)
tercet_manual(tercet-sd 5 tercet-sd.conf)
tercet_manual(tercet-fd 8 tercet-fd)
tercet_manual(tercet-fd 5 tercet-fd.conf)
tercet_manual(tconsole 1 tconsole)
tercet_manual(tconsole 5 tconsole.conf)
tercet_manual(tercet-catalog 8 tercet-catalog)
tercet_manual(tercet-setup 8 tercet-setup)
tercet_manual(tercet-volume 8 tercet-volume-ls ls)
tercet_manual(tercet-volume 8 tercet-volume-extract extract)
add_custom_target(manual ALL DEPENDS ${manual_pages})
