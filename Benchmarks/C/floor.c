/* floor USER BATCH STATEMENTS TARGETS
 *
 * What collecting costs at the least: one thread and one persistent connection a node, the same statements in the same
 * batch as the exporter's, every row read and thrown away. No names, no comparison, no text.
 *
 * USER       the account; its password is in the environment variable FLOOR_PASSWORD
 * BATCH      a file that holds the statements as they are sent
 * STATEMENTS how many they are
 * TARGETS    a file with an address a line: HOST PORT
 *
 * Talks over its standard input, a socket: says "ready" when all are connected; for each line it is told it asks all
 * nodes once, and says how many of them answered every statement. */
#include <errno.h>
#include <mysql.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

struct node {
    char host[64];
    unsigned port;
    MYSQL *mysql;
};

static const char *user, *password;
static char *batch;
static unsigned long batch_length;
static int statements;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t begin = PTHREAD_COND_INITIALIZER;
static pthread_cond_t end = PTHREAD_COND_INITIALIZER;
static int round_number, outstanding, complete;

static void fail(const char *what, const char *why) {
    fprintf(stderr, "floor: %s: %s\n", what, why);
    exit(1);
}

static char *read_file(const char *path, unsigned long *length) {
    FILE *file = fopen(path, "r");
    if (!file) fail(path, strerror(errno));
    char *text = NULL;
    size_t capacity = 0;
    ssize_t count = getdelim(&text, &capacity, EOF, file);
    if (count < 0) fail(path, "cannot be read, or is empty");
    *length = (unsigned long)count;
    fclose(file);
    return text;
}

static void connect_to(struct node *node) {
    node->mysql = mysql_init(NULL);
    unsigned protocol = MYSQL_PROTOCOL_TCP;
    mysql_options(node->mysql, MYSQL_OPT_PROTOCOL, &protocol);
    if (!mysql_real_connect(node->mysql, node->host, user, password, NULL, node->port, NULL,
                            CLIENT_MULTI_STATEMENTS | CLIENT_MULTI_RESULTS))
        fail(node->host, mysql_error(node->mysql));
}

/* How many statements were answered. */
static int ask(struct node *node) {
    if (mysql_real_query(node->mysql, batch, batch_length)) return 0;
    int answers = 0, next;
    do {
        MYSQL_RES *result = mysql_use_result(node->mysql);
        if (result) {
            while (mysql_fetch_row(result)) {
            }
            mysql_free_result(result);
        }
        if (mysql_errno(node->mysql)) return answers;
        answers++;
    } while ((next = mysql_next_result(node->mysql)) == 0);
    return answers;
}

__attribute__((noreturn)) static void *work(void *argument) {
    struct node *node = argument;
    connect_to(node);
    int seen = 0;
    pthread_mutex_lock(&mutex);
    complete++;
    if (--outstanding == 0) pthread_cond_signal(&end);
    for (;;) {
        while (round_number == seen) pthread_cond_wait(&begin, &mutex);
        seen = round_number;
        pthread_mutex_unlock(&mutex);
        int answers = ask(node);
        pthread_mutex_lock(&mutex);
        complete += answers == statements;
        if (--outstanding == 0) pthread_cond_signal(&end);
    }
}

static void wait_for_all(void) {
    while (outstanding > 0) pthread_cond_wait(&end, &mutex);
}

int main(int count, char **arguments) {
    if (count != 5) fail("usage", "floor USER BATCH STATEMENTS TARGETS");
    user = arguments[1];
    password = getenv("FLOOR_PASSWORD");
    batch = read_file(arguments[2], &batch_length);
    statements = atoi(arguments[3]);
    FILE *targets = fopen(arguments[4], "r");
    if (!targets) fail(arguments[4], strerror(errno));

    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    mysql_server_init(0, NULL, NULL);

    struct node *nodes = NULL;
    int node_count = 0;
    struct node node = {0};
    while (fscanf(targets, "%63s %u", node.host, &node.port) == 2) {
        nodes = realloc(nodes, sizeof *nodes * (size_t)(node_count + 1));
        if (!nodes) fail("targets", "out of memory");
        nodes[node_count++] = node;
    }
    fclose(targets);

    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 256 * 1024);
    outstanding = node_count;
    for (int i = 0; i < node_count; i++) {
        pthread_t thread;
        int status = pthread_create(&thread, &attributes, work, &nodes[i]);
        if (status) fail("pthread_create", strerror(status));
    }
    pthread_mutex_lock(&mutex);
    wait_for_all();
    dprintf(STDIN_FILENO, "ready\n");
    char line[8];
    for (;;) {
        /* Held while idle: nobody needs it before the next round. */
        if (read(STDIN_FILENO, line, sizeof line) <= 0) return 0;
        outstanding = node_count;
        complete = 0;
        round_number++;
        pthread_cond_broadcast(&begin);
        wait_for_all();
        dprintf(STDIN_FILENO, "%d\n", complete);
    }
}
