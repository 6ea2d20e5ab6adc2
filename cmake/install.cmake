include(GNUInstallDirs)
# The manual page is the program's own help.
add_custom_command(OUTPUT ${CMAKE_BINARY_DIR}/changeling.1
  COMMAND ${CMAKE_SOURCE_DIR}/docs/make-man $<TARGET_FILE:changeling> > ${CMAKE_BINARY_DIR}/changeling.1
  DEPENDS changeling ${CMAKE_SOURCE_DIR}/docs/make-man VERBATIM)
add_custom_target(man ALL DEPENDS ${CMAKE_BINARY_DIR}/changeling.1)
install(TARGETS changeling RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES ${CMAKE_BINARY_DIR}/changeling.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(PROGRAMS scripts/change-master scripts/inspect-state scripts/check-health
  DESTINATION ${CMAKE_INSTALL_DATADIR}/changeling)
install(FILES examples/crontab DESTINATION ${CMAKE_INSTALL_DATADIR}/changeling)
# The unit names the program where it is installed.
file(READ packaging/changeling.service unit)
string(REPLACE "ExecStart=/usr/bin/" "ExecStart=${CMAKE_INSTALL_FULL_BINDIR}/" unit "${unit}")
file(WRITE ${CMAKE_BINARY_DIR}/changeling.service "${unit}")
install(FILES ${CMAKE_BINARY_DIR}/changeling.service DESTINATION lib/systemd/system)
install(FILES README.md CHANGELOG.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY docs DESTINATION ${CMAKE_INSTALL_DOCDIR} FILES_MATCHING PATTERN "*.md" PATTERN "*.png")
