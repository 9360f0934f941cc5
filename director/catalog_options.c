#include "director/catalog_options.h"

#include "director/conf/dir_conf.h"

struct catalog_options
director_catalog_options(const struct dir_catalog *c, const char *working_directory, char **words)
{
	const struct catalog_tls tls = { c->db_ssl_mode, c->db_ssl_key, c->db_ssl_cert,
					 c->db_ssl_ca };

	*words = catalog_tls_words(&tls);
	return (struct catalog_options){
		.name = c->name,
		.db_name = c->db_name,
		.user = c->db_user,
		.password = secret_bytes(&c->db_password),
		.address = c->db_address,
		.socket = c->db_socket,
		.port = c->db_port,
		.conninfo = *words,
		.reconnect = c->reconnect,
		.managed = c->managed,
		.state_dir = working_directory,
		.work_dir = working_directory,
	};
}
