// Signing in, and making an account. Cognito sends a code to the address.
import { button, el, form } from './dom.mjs';

const EMAIL = { label: 'E-mail', name: 'email', type: 'email', autocomplete: 'username' };
const password = (autocomplete) => ({
  label: 'Password', name: 'password', type: 'password', minlength: 12, autocomplete,
});
const CODE = { label: 'Code from the e-mail', name: 'code', inputmode: 'numeric', autocomplete: 'one-time-code' };

export async function account(_, shop) {
  const { identity } = shop;
  if (!identity) {
    return { title: 'Account', nodes: [el('p', {}, 'At this address the shop has no accounts.')] };
  }
  if (identity.email) {
    return {
      title: 'Account',
      nodes: [
        el('p', {}, `Signed in as ${identity.email}.`),
        button('Sign out', () => shop.act(async () => {
          identity.signOut();
          await shop.show('Signed out.');
        })),
      ],
    };
  }
  return {
    title: 'Account',
    nodes: [
      el('h3', {}, 'Sign in'),
      form([EMAIL, password('current-password')], 'Sign in', (given) => shop.act(async () => {
        await identity.signIn(given.email, given.password);
        await shop.show(`Signed in as ${given.email}.`);
      })),
      el('h3', {}, 'New here?'),
      form([EMAIL, password('new-password')], 'Make an account', (given) => shop.act(async () => {
        await identity.signUp(given.email, given.password);
        shop.say('A code is on its way to you. Enter it below, then sign in.');
      })),
      form([EMAIL, CODE], 'Confirm the account', (given) => shop.act(async () => {
        await identity.confirm(given.email, given.code.trim());
        shop.say('The account is confirmed. You can sign in now.');
      })),
    ],
  };
}
