"""`manage.py up`: one process that starts everything, restarts what dies, and leaves nothing behind.

How nothing outlives the supervisor, however it dies:

1. Every child is started by `children/launch.py`, a few lines of isolated Python that ask the kernel for a signal at
   the parent's death (PR_SET_PDEATHSIG), look whether the parent is still there, and only then exec the program.
   The signal is tied to the thread that forked, so children are started from the main thread alone.
2. Every child leads its own session and process group, whose id is the child's pid. A terminal's Ctrl-C therefore
   reaches only the supervisor, and one `killpg` reaches a child with its grandchildren (Celery's pool).
3. `children/keeper.py`, a second process in its own session, holds the read end of a pipe whose write end only the
   supervisor has. The supervisor names each child's group down the pipe. At end of file, which `kill -9` cannot
   prevent, the keeper signals all groups, waits, kills what is left, and looks through /proc for anything that
   carries this run's mark in its environment. If the keeper itself is killed, the supervisor starts another one.
4. PostgreSQL's backends leave their group; they watch their postmaster through a pipe of their own and go with it.

The home directory's lock is shared by supervisor and keeper: the next `up` waits until the clearing up is over.

    sequence.py   the order of a start            stack.py      what is started
    home.py       the directory and its lock      keyring.py    secrets, made once
    ports.py      sockets that children inherit   readiness.py  asks the planes
    log.py        the one log                     announcement.py  where to go
    children/     launch.py becomes a child, program.py is one, crew.py has them all, keeper.py clears up
    embedded/     PostgreSQL and Valkey, and whom they run as under root
"""
