/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program: hands the arguments to the commands.
 */
#include "cli/command.h"

int main(int argc, char **argv)
{
	return command_main(argc, argv);
}
