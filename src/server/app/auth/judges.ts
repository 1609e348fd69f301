/** Guards that ask functions of the app: who is signed in, who may, who belongs to the staff. */

import { HttpError } from '../../http-error.js'
import { MissingOptionError } from '../guards/missing-option.js'
import type { Step } from '../hooks.js'
import type { HandlerValue } from '../values.js'
import type { AppAuthOptions, RouteAuthOptions } from './auth-options.js'

/**
 * The guards of a route in their order; `owners` as for `authGuard`. Throws `MissingOptionError` where the app has no function
 * that could judge: no route is open because nobody was asked.
 */
export function judgeGuards(route: RouteAuthOptions, owners: readonly AppAuthOptions[]): Step[] {
  const { login = false, permission, staff = false, testpass } = route
  const needed = <Name extends 'loginHandler' | 'permissionHandler' | 'staffHandler'>(
    name: Name,
    option: string,
  ): NonNullable<AppAuthOptions[Name]> => {
    const judge = owners.find((owner) => owner[name] !== undefined)?.[name]
    if (typeof judge !== 'function') throw new MissingOptionError(`${option} needs ${name} in the options of the app`)
    return judge as NonNullable<AppAuthOptions[Name]>
  }
  const steps: Step[] = []
  if (login) {
    const judge = needed('loginHandler', 'login')
    steps.push(async (was) => verdict(await judge(was)))
  }
  if (permission !== undefined) {
    const judge = needed('permissionHandler', 'permission')
    const permissions = typeof permission === 'string' ? [permission] : permission
    steps.push(async (was) => verdict(await judge(was, permissions)))
  }
  if (staff) {
    const judge = needed('staffHandler', 'staff')
    steps.push(async (was) => verdict(await judge(was)))
  }
  if (testpass !== undefined) {
    if (typeof testpass !== 'function') throw new TypeError('testpass is a function')
    steps.push(async (was) => verdict(await testpass(was)))
  }
  return steps
}

function verdict(value: HandlerValue | void): HandlerValue | void {
  if (value === false) throw new HttpError(403)
  return value === true ? undefined : value
}
