include(GNUInstallDirs)
install(TARGETS changeling RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
