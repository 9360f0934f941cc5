/*
 * director/job/lost_files.h - the names of files that a storage daemon knows by number only
 *
 * Purpose: a damaged volume loses whole files with their attributes; the catalog still has their
 *          names.  When the storage daemon says which numbers of which session are lost, the job
 *          says which files these are.
 * Threads: any thread of the job.
 * Spec:    product.md 1.3 "What could not be saved is named"; volume.md 2.5
 */
#ifndef TERCET_DIRECTOR_JOB_LOST_FILES_H
#define TERCET_DIRECTOR_JOB_LOST_FILES_H

struct job;

/* text: a job message of a storage daemon; any but the one in question is none of its business. */
void lost_files_name(struct job *j, const char *text);

#endif
