/* Runs the files and folders named as arguments through a fuzz target, as libFuzzer would. Each input has
 * memory of its own, so that a sanitizer sees a read behind its end. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fuzz.h"

static size_t inputs;

static void run_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	struct stat stat;
	uint8_t *data;

	if (!file || fstat(fileno(file), &stat) < 0) {
		perror(path);
		exit(1);
	}
	data = malloc((size_t)stat.st_size + (stat.st_size == 0));
	if (!data || fread(data, 1, (size_t)stat.st_size, file) != (size_t)stat.st_size) {
		fprintf(stderr, "%s cannot be read\n", path);
		exit(1);
	}
	fclose(file);
	LLVMFuzzerTestOneInput(data, (size_t)stat.st_size);
	free(data);
	inputs++;
}

static void run(const char *path)
{
	DIR *folder = opendir(path);
	struct dirent *entry;

	if (!folder) {
		run_file(path);
		return;
	}
	while ((entry = readdir(folder))) {
		char inside[4096];

		if (entry->d_name[0] == '.')
			continue;
		snprintf(inside, sizeof(inside), "%s/%s", path, entry->d_name);
		run(inside);
	}
	closedir(folder);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		run(argv[i]);
	printf("%zu inputs\n", inputs);
	if (inputs == 0)
		fprintf(stderr, "there is nothing to run\n");
	return inputs == 0;
}
