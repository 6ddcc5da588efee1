package lambdahost

import "syscall"

// endWithParent makes the kernel end a process with this program, however this
// program ends, and keeps the terminal's interrupt for this program alone, which
// ends its processes itself.
func endWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
}
