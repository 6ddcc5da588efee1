//go:build !linux

package lambdahost

import "syscall"

// endWithParent keeps the terminal's interrupt for this program alone, which
// ends its processes itself. If this program is killed, a process ends when its
// next call of the Runtime API fails.
func endWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}
