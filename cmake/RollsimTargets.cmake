# SPDX-License-Identifier: GPL-3.0-or-later
# One function per kind of target. rs_flags carries warnings and sanitizers; it is not exported.
add_library(rs_flags INTERFACE)
target_compile_definitions(rs_flags INTERFACE _POSIX_C_SOURCE=200809L _DEFAULT_SOURCE)
target_compile_options(rs_flags INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wcast-qual
    -Wwrite-strings -Wvla -Wundef -Wswitch-enum -Wno-missing-field-initializers
    -ffp-contract=off -fno-math-errno -fno-common)

# Valgrind cannot run what the address sanitizer built.
if(NOT RS_SANITIZE AND NOT RS_FUZZ)
    find_program(RS_VALGRIND valgrind)
    add_custom_target(valgrind_tests) # the programs that are run under it
endif()
set(RS_VALGRIND_OPTIONS --quiet --error-exitcode=99 --leak-check=full --show-leak-kinds=definite,indirect
    --errors-for-leak-kinds=definite,indirect --suppressions=${PROJECT_SOURCE_DIR}/tests/valgrind.supp)

function(rs_apply_flags target)
    target_link_libraries(${target} PRIVATE $<BUILD_INTERFACE:rs_flags>)
    if(RS_WERROR)
        target_compile_options(${target} PRIVATE -Werror)
    endif()
    if(RS_SANITIZE)
        target_compile_options(${target} PRIVATE -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
        target_link_options(${target} PUBLIC -fsanitize=address,undefined)
    endif()
    if(RS_FUZZ)
        target_compile_options(${target} PRIVATE -fsanitize=fuzzer-no-link,address,undefined)
        target_link_options(${target} PUBLIC -fsanitize=address,undefined)
    endif()
endfunction()

# rs_library(verify SOURCES a.c HEADERS include/verify/a.h PUBLIC rs_models PRIVATE GSL::gsl)  ->  target rs_verify
function(rs_library name)
    cmake_parse_arguments(arg "" "" "SOURCES;HEADERS;PUBLIC;PRIVATE" ${ARGN})
    add_library(rs_${name} STATIC ${arg_SOURCES})
    target_sources(rs_${name} PUBLIC FILE_SET HEADERS BASE_DIRS include FILES ${arg_HEADERS})
    set_target_properties(rs_${name} PROPERTIES VERIFY_INTERFACE_HEADER_SETS ON)
    target_link_libraries(rs_${name} PUBLIC ${arg_PUBLIC} PRIVATE ${arg_PRIVATE})
    rs_apply_flags(rs_${name})
    install(TARGETS rs_${name} EXPORT rollsimTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
            FILE_SET HEADERS DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
endfunction()

# rs_test(test_queue unit rs_sim m)  ->  a Check program tests/<...>/test_queue.c, run by CTest under the label. Without
# sanitizers a unit test is also run under valgrind, as valgrind_test_queue under the label valgrind (not slow and long ones; those
# that take longest there are long).
function(rs_test name label)
    add_executable(${name} ${name}.c)
    target_link_libraries(${name} PRIVATE ${ARGN} PkgConfig::CHECK)
    target_compile_definitions(${name} PRIVATE
        RS_SOURCE_DIR="${PROJECT_SOURCE_DIR}" RS_SHARED_DIR="${PROJECT_SOURCE_DIR}/../shared")
    rs_apply_flags(${name})
    add_test(NAME ${name} COMMAND ${name})
    # Check ends a test after 4 s; a busy machine with sanitizers needs more.
    set_tests_properties(${name} PROPERTIES LABELS ${label} TIMEOUT 300 SKIP_RETURN_CODE 77
                         ENVIRONMENT "CK_DEFAULT_TIMEOUT=120")
    if(label MATCHES "^(slow|mutants)$") # the longest begin first
        set_tests_properties(${name} PROPERTIES COST 50)
    endif()
    if(RS_VALGRIND AND label STREQUAL "unit")
        add_dependencies(valgrind_tests ${name})
        add_test(NAME valgrind_${name} COMMAND ${RS_VALGRIND} ${RS_VALGRIND_OPTIONS} $<TARGET_FILE:${name}>)
        set_tests_properties(valgrind_${name} PROPERTIES LABELS valgrind TIMEOUT 600 SKIP_RETURN_CODE 77
                             ENVIRONMENT "CK_DEFAULT_TIMEOUT=600;RS_UNDER_VALGRIND=1")
        if(name MATCHES "^test_(plots|layout|draw|loop|run|promql_condition)$") # the longest begin first
            set_tests_properties(valgrind_${name} PROPERTIES COST 100)
        endif()
        # Half a minute each and more there, for code that other tests bring under it too: in the long form alone.
        if(name MATCHES "^test_(rule_check|check_numeric|check_eyes|conform|rebuild|share|tune_search)$")
            set_tests_properties(valgrind_${name} PROPERTIES LABELS long)
        endif()
    endif()
endfunction()

# rs_fuzz(fuzz_promql rs_models)  ->  fuzz_promql.c with LLVMFuzzerTestOneInput. With RS_FUZZ a libFuzzer binary; without,
# a driver that replays tests/fuzz/corpus/<name>/ under CTest (label fuzz).
function(rs_fuzz name)
    if(RS_FUZZ)
        add_executable(${name} ${name}.c)
        target_link_options(${name} PRIVATE -fsanitize=fuzzer,address,undefined)
    else()
        add_executable(${name} ${name}.c ${PROJECT_SOURCE_DIR}/tests/fuzz/replay.c)
        add_test(NAME ${name} COMMAND ${name} ${PROJECT_SOURCE_DIR}/tests/fuzz/corpus/${name})
        set_tests_properties(${name} PROPERTIES LABELS fuzz TIMEOUT 300)
    endif()
    target_link_libraries(${name} PRIVATE ${ARGN})
    rs_apply_flags(${name})
endfunction()
