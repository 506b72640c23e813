// Tells the kernel that an explorer is in a page, and when it is in none any more.
export default () => {
  let views = 0;
  return {
    render({ model }) {
      views += 1;
      model.send("here");
      return () => { views -= 1; if (views === 0) model.send("gone"); };
    },
  };
};
